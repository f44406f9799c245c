#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/escape.h"
#include "ci/page_files.h"

namespace racewalk {

std::string PageBegin(absl::string_view title, absl::string_view css) {
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
      HtmlEscaped(title), " - racewalk</title>\n<style>\n", PageBaseCss(), css,
      "</style>\n</head>\n<body>\n");
}

}  // namespace racewalk
