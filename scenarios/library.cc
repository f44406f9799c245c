#include "scenarios/library.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "scenarios/diagnostics.h"
#include "scenarios/embedded.h"
#include "scenarios/nearest.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

constexpr absl::string_view kExtension = ".scn";
// Beyond any limit on paths; a text need not be tried as one.
constexpr std::size_t kPathBytesMax = 4096;

std::vector<Scenario> ParseLibrary() {
  std::vector<Scenario> library;
  for (const EmbeddedScenario& embedded : EmbeddedScenarios()) {
    absl::StatusOr<Scenario> scenario = ParseScenario(embedded.text, embedded.name);
    if (!scenario.ok()) {
      std::fprintf(stderr, "library scenario %s\n",
                   std::string(scenario.status().message()).c_str());
      std::abort();
    }
    library.push_back(*std::move(scenario));
  }
  std::sort(library.begin(), library.end(),
            [](const Scenario& a, const Scenario& b) { return a.name < b.name; });
  return library;
}

std::string NearestRemedy(absl::string_view name) {
  std::vector<std::string> names;
  for (const Scenario& scenario : Library()) names.push_back(scenario.name);
  const std::string nearest = Nearest(name, names);
  if (!nearest.empty()) return absl::StrCat("did you mean '", nearest, "'?");
  return "'racewalk list scenarios' shows the names";
}

bool IsThere(absl::string_view path) {
  if (path.size() > kPathBytesMax || absl::StrContains(path, '\0')) return false;
  std::error_code error;
  return std::filesystem::exists(std::string(path), error);
}

absl::Status FileError(absl::string_view path, absl::string_view found, absl::string_view remedy) {
  return InputError(path, {},
                    absl::StrCat("found ", found, ", expected a scenario file; ", remedy));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return FileError(path, "a directory", "name a file in it");
  }
  // errno tells more than a stream does.
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (file == nullptr) {
    const int code = errno;
    const bool missing = code == ENOENT || code == ENOTDIR;
    return FileError(
        path, missing ? "no such file" : std::strerror(code),
        missing ? NearestRemedy(std::filesystem::path(path).stem().string()) : "make it readable");
  }
  // One byte more than is allowed tells a file that is too large, endless ones included.
  std::string text(kMaxScenarioBytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get()) != 0) return FileError(path, "a read error", "copy the file anew");
  if (text.size() > kMaxScenarioBytes) {
    return FileError(path, absl::StrCat("more than ", kMaxScenarioBytes, " bytes"),
                     "make several scenarios of it");
  }
  return text;
}

absl::StatusOr<Scenario> ParseFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<Scenario> scenario = ParseScenario(*text, path);
  if (scenario.ok()) scenario->name = Printable(std::filesystem::path(path).stem().string());
  return scenario;
}

}  // namespace

const std::vector<Scenario>& Library() {
  // Never destroyed: threads may still use it while the process ends.
  static const auto& library = *new std::vector<Scenario>(ParseLibrary());
  return library;
}

const Scenario* FindScenario(absl::string_view name) {
  const std::vector<Scenario>& library = Library();
  const auto found = std::lower_bound(library.begin(), library.end(), name,
                                      [](const Scenario& scenario, absl::string_view wanted) {
                                        return absl::string_view(scenario.name) < wanted;
                                      });
  return found != library.end() && found->name == name ? &*found : nullptr;
}

absl::StatusOr<Scenario> ResolveScenario(absl::string_view argument) {
  if (const Scenario* scenario = FindScenario(argument); scenario != nullptr) return *scenario;
  const bool text = absl::StrContains(argument, '{') || absl::StrContains(argument, '\n') ||
                    absl::StrContains(argument, '\0');
  const bool path = absl::EndsWith(argument, kExtension) || absl::StrContains(argument, '/');
  if (IsThere(argument) || (path && !text)) return ParseFile(std::string(argument));
  if (text) return ParseScenario(argument, "");
  return absl::InvalidArgumentError(absl::StrCat(
      "found ", argument.empty() ? "an empty name" : Quoted(argument),
      ", expected a scenario's name, file or one-line text; ", NearestRemedy(argument)));
}

}  // namespace racewalk
