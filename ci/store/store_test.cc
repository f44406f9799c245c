#include "ci/store/store.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/store/database.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

namespace fs = std::filesystem;

constexpr char kCampaign[] =
    "INSERT INTO campaign(name, version, seed, settings, started) VALUES ('a', '1', '0', '', 7)";

class StoreTest : public ::testing::Test {
 protected:
  StoreTest()
      : folder_(absl::StrCat(::testing::TempDir(), "racewalk_store_", getpid(), "_",
                             ::testing::UnitTest::GetInstance()->current_test_info()->name())),
        path_(absl::StrCat(folder_, "/a ?#%.store")) {
    fs::create_directories(folder_);
  }
  ~StoreTest() override { fs::remove_all(folder_); }

  void Make() {
    absl::StatusOr<Store> store = Store::OpenToWrite("--store", path_);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE(store->Work().ok());
    ASSERT_TRUE(store->database().Run(kCampaign).ok());
    ASSERT_TRUE(store->Rest().ok());
  }

  std::map<std::string, std::string> Folder() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      std::ifstream file(entry.path());
      std::ostringstream text;
      text << file.rdbuf();
      files[entry.path().filename().string()] = text.str();
    }
    return files;
  }

  void Write(absl::string_view bytes) {
    std::ofstream file(path_, std::ios::trunc);
    file << bytes;
  }

  // Refused for reading and for writing, in a line, and nothing has changed.
  void ExpectRefused(const std::string& words) {
    const auto before = Folder();
    for (const absl::Status& status : {Store::OpenToRead("--store", path_).status(),
                                       Store::OpenToWrite("--store", path_).status()}) {
      EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
      const std::string message(status.message().data(), status.message().size());
      EXPECT_TRUE(absl::StartsWith(message, absl::StrCat("--store: ", path_, " "))) << message;
      EXPECT_THAT(message, ::testing::HasSubstr(words));
      EXPECT_THAT(message, ::testing::HasSubstr("; ")) << "no remedy: " << message;
      EXPECT_FALSE(absl::StrContains(message, '\n')) << message;
    }
    EXPECT_EQ(Folder(), before);
  }

  std::string folder_;
  std::string path_;
};

TEST_F(StoreTest, IsOneFileAtRestAndKeepsWhatWasWritten) {
  Make();
  EXPECT_EQ(Folder().size(), 1u);
  absl::StatusOr<Store> store = Store::OpenToRead("", path_);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(store->database().Int("SELECT started FROM campaign").value(), 7);
  EXPECT_FALSE(store->database().Run(kCampaign).ok());
  EXPECT_EQ(Folder().size(), 1u);
}

TEST_F(StoreTest, TheSchemaSaysWhatItIs) {
  Make();
  absl::StatusOr<Store> store = Store::OpenToRead("", path_);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(store->database().Int("PRAGMA application_id").value(), kStoreApplication);
  EXPECT_EQ(store->database().Int("PRAGMA user_version").value(), kStoreVersion);
}

TEST_F(StoreTest, RefusesOtherFiles) {
  Write("");
  ExpectRefused("no store");
  Write("a letter to somebody\n");
  ExpectRefused("no store");
  Write(std::string(1000, 'x'));
  ExpectRefused("no store");
}

TEST_F(StoreTest, RefusesAStoreWithoutAllItsTables) {
  for (const std::string sql :
       {"DROP TABLE incident", "DROP TABLE unit", "ALTER TABLE shard DROP COLUMN jobs"}) {
    Make();
    {
      absl::StatusOr<Database> database = Database::Open(path_, Database::Access::kReadWrite);
      ASSERT_TRUE(database.ok() && database->Run(sql).ok()) << sql;
    }
    ExpectRefused("is damaged (it has no whole table ");
    fs::remove(path_);
  }
}

TEST_F(StoreTest, RefusesOtherDatabasesAndVersions) {
  Make();
  std::string bytes = Folder().begin()->second;
  const std::string good = bytes;
  bytes[63] = 2;
  Write(bytes);
  ExpectRefused("store of version 2");
  bytes = good;
  bytes[68] = 'R';
  Write(bytes);
  ExpectRefused("no store");
}

TEST_F(StoreTest, RefusesWhatIsDamaged) {
  Make();
  const std::string good = Folder().begin()->second;
  Write(good.substr(0, good.size() / 2));
  ExpectRefused("is damaged");
  std::string bytes = good;
  for (std::size_t i = 4096; i < 3 * 4096; ++i) bytes[i] = '\x5a';
  Write(bytes);
  ExpectRefused("is damaged");
}

TEST_F(StoreTest, RefusesWhatIsNoFile) {
  fs::create_directory(path_);
  const absl::Status status = Store::OpenToRead("IN", path_).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.ToString(), ::testing::HasSubstr("is no file"));
  EXPECT_TRUE(absl::IsInvalidArgument(Store::OpenToWrite("--store", path_).status()));
}

TEST_F(StoreTest, ReadingDoesNotMakeOne) {
  const absl::Status status = Store::OpenToRead("--store", path_).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.ToString(), ::testing::HasSubstr("makes stores"));
  EXPECT_TRUE(Folder().empty());
}

TEST_F(StoreTest, RefusesFoldersWithoutRights) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec);
  const absl::Status status = Store::OpenToWrite("--store", path_).status();
  fs::permissions(folder_, fs::perms::owner_all);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.ToString(), ::testing::HasSubstr("cannot be written to"));
}

// Goal: one writer, any number of readers. Method: the other one is a process.
TEST_F(StoreTest, HasOneWriterAndReadersBesideIt) {
  Make();
  absl::StatusOr<Store> store = Store::OpenToWrite("--store", path_);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(store->Work().ok());
  ASSERT_TRUE(store->database().Run("UPDATE campaign SET started = 8").ok());
  const pid_t child = fork();
  if (child == 0) {
    const absl::Status second = Store::OpenToWrite("--store", path_).status();
    absl::StatusOr<Store> read = Store::OpenToRead("--store", path_);
    const bool refused = absl::IsInvalidArgument(second) &&
                         absl::StrContains(second.ToString(), "in use by another campaign");
    const bool seen =
        read.ok() && read->database().Int("SELECT started FROM campaign").value() == 8;
    _exit((refused ? 0 : 1) + (seen ? 0 : 2));
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(StoreTest, KeepsWhatAKilledWriterCommitted) {
  Make();
  const pid_t child = fork();
  if (child == 0) {
    absl::StatusOr<Store> store = Store::OpenToWrite("--store", path_);
    if (store.ok() && store->Work().ok() &&
        store->database().Run("UPDATE campaign SET started = 9").ok() &&
        store->database().Run("BEGIN; UPDATE campaign SET started = 10").ok()) {
      _exit(0);
    }
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  {
    absl::StatusOr<Store> read = Store::OpenToRead("--store", path_);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->database().Int("SELECT started FROM campaign").value(), 9);
  }
  const std::string before = Folder().begin()->second;
  {
    absl::StatusOr<Store> looked = Store::OpenToWrite("--store", path_);
    ASSERT_TRUE(looked.ok()) << looked.status();
    EXPECT_EQ(looked->database().Int("SELECT started FROM campaign").value(), 9);
  }
  EXPECT_TRUE(Folder().begin()->second == before) << "a look has changed it";
  absl::StatusOr<Store> store = Store::OpenToWrite("--store", path_);
  ASSERT_TRUE(store.ok() && store->Work().ok()) << store.status();
  EXPECT_EQ(store->database().Int("SELECT started FROM campaign").value(), 9);
  EXPECT_TRUE(store->Rest().ok());
  EXPECT_EQ(Folder().size(), 1u);
}

}  // namespace
}  // namespace racewalk
