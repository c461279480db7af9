#include "net/header_block.hpp"

#include <doctest/doctest.h>

using namespace exeunt;

TEST_CASE("header block: names without regard to case, values trimmed, a new status line begins anew") {
  net::HeaderBlock block;
  for (const char* line : {"HTTP/1.1 100 Continue\r\n", "X-Early: 1\r\n", "HTTP/1.1 200 OK\r\n", "Content-TYPE:  text/plain \r\n",
                           "no header\r\n", ": nameless\r\n", "X: 1\r\n", "x: 2\r\n", "\r\n"}) {
    CHECK(block.add_line(line));
  }
  CHECK(!block.find("x-early"));
  CHECK(block.find("content-type") == "text/plain");
  CHECK(block.all("X").size() == 2);
}

TEST_CASE("header block: past its limit it says so, informational answers counted") {
  net::HeaderBlock block(100);
  CHECK(block.add_line("HTTP/1.1 100 Continue\r\n"));
  CHECK(!block.add_line("X: " + std::string(100, 'x')));
}

TEST_CASE("header block: the last cookie of a name counts, an emptied one is none") {
  net::HeaderBlock block;
  CHECK(block.add_line("Set-Cookie: s=first; Path=/"));
  CHECK(block.add_line("Set-Cookie: other=x"));
  CHECK(block.add_line("Set-Cookie: s=second; HttpOnly"));
  CHECK(block.cookie("s")->reveal() == "second");
  CHECK(!block.cookie("S"));
  CHECK(block.add_line("Set-Cookie: s=; Max-Age=0"));
  CHECK(!block.cookie("s"));
}

TEST_CASE("header block: a date is understood in the one form that servers may send") {
  CHECK(base::to_rfc3339(net::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").value()) == "1994-11-06T08:49:37.000Z");
  for (const char* text : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 31 Feb 2026 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET"}) {
    CAPTURE(text);
    CHECK(!net::parse_http_date(text));
  }
}
