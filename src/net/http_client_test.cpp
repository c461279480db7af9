#include "net/http_client.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "testing/small_http_server.hpp"
#include "testing/temporary_folder.hpp"

using namespace exeunt;
using base::Code;
using net::Effect;
using net::HttpRequest;
using net::Method;
using testing::SmallHttpServer;
using testing::SmallReply;

namespace {

net::HttpSettings settings() {
  net::HttpSettings made;
  made.subject = "provider";
  return made;
}

HttpRequest request_to(const std::string& base, Method method = Method::get) {
  HttpRequest request;
  request.method = method;
  request.url = net::Url::parse(base).value().path("api");
  request.timeout = base::Duration(3000);
  return request;
}
std::string at(const SmallHttpServer& server) { return "http://127.0.0.1:" + std::to_string(server.port()); }

}  // namespace

TEST_CASE("http client: status, headers in any case and body come as the server sent them") {
  SmallHttpServer server([](const std::string&) { return SmallReply::answer(418, "short", "X-Total: 7\r\nset-COOKIE: a=1; Path=/\r\n"); });
  net::HttpClient client(settings());
  const auto answer = client.send(request_to(at(server)));
  REQUIRE(answer);
  CHECK(answer->status == 418);
  CHECK(answer->body == "short");
  CHECK(answer->headers.find("x-total") == "7");
  CHECK(answer->headers.cookie("a")->reveal() == "1");
}

TEST_CASE("http client: a request carries method, typed address, headers, cookies and body") {
  SmallHttpServer server([](const std::string&) { return SmallReply::answer(200, ""); });
  net::HttpClient client(settings());
  HttpRequest request = request_to(at(server), Method::put);
  request.url = request.url.segment("a/b ?\"\r\n%").query("q", "1&2=3");
  request.headers = {{"X-Mark", "m"}};
  request.authorization = net::basic("who", base::Secret("what"));
  request.cookies.emplace_back("session", base::Secret("c00kie"));
  request.content_type = "application/json";
  request.body = base::Secret("{}");
  REQUIRE(client.send(request));
  const std::string seen = server.requests().at(0);
  CHECK(seen.starts_with("PUT /api/a%2Fb%20%3F%22%0D%0A%25?q=1%262%3D3 HTTP/1.1\r\n"));
  for (const char* line : {"X-Mark: m\r\n", "Authorization: Basic d2hvOndoYXQ=\r\n", "Cookie: session=c00kie\r\n",
                           "Content-Type: application/json\r\n", "User-Agent: exeunt\r\n", "\r\n\r\n{}"}) {
    CAPTURE(line);
    CHECK(seen.find(line) != std::string::npos);
  }
}

TEST_CASE("http client: a redirect is an answer and nobody follows it") {
  SmallHttpServer server([](const std::string&) { return SmallReply::answer(302, "", "Location: /login\r\n"); });
  net::HttpClient client(settings());
  const auto answer = client.send(request_to(at(server)));
  REQUIRE(answer);
  CHECK(answer->status == 302);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("http client: cookies of an answer are not sent with the next request") {
  SmallHttpServer server([](const std::string&) { return SmallReply::answer(200, "", "Set-Cookie: session=hers\r\n"); });
  net::HttpClient client(settings());
  REQUIRE(client.send(request_to(at(server))));
  REQUIRE(client.send(request_to(at(server))));
  CHECK(server.requests().at(1).find("Cookie") == std::string::npos);
}

TEST_CASE("http client: what a lost answer means depends on whether it was a change") {
  struct Row {
    std::string name;
    SmallReply reply;
    Code read;
  };
  const SmallReply late{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", std::chrono::seconds(20), false, false};
  const std::string large = "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + std::string(2000, 'x');
  const std::string many = "HTTP/1.1 200 OK\r\n" + [] {
    std::string lines;
    for (int i = 0; i < 300; ++i) lines += "X-Filler: " + std::string(20, 'y') + "\r\n";
    return lines;
  }();
  const Row rows[] = {
      {"late", late, Code::unavailable},
      {"nothing", {"", {}, false, false}, Code::unavailable},
      {"reset", {"", {}, true, false}, Code::unavailable},
      {"cut in the head", {"HTTP/1.1 200 OK\r\nContent-Le", {}, true, false}, Code::unavailable},
      {"cut in the body", {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":", {}, false, false}, Code::unavailable},
      {"cut in a chunk", {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"a\":", {}, false, false}, Code::unavailable},
      {"no HTTP", {"SSH-2.0-OpenSSH_9.2\r\n", {}, false, false}, Code::unavailable},
      {"body too large", {large, {}, false, false}, Code::resource_exhausted},
      {"head too large", {many + "\r\n", {}, false, false}, Code::resource_exhausted},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    SmallHttpServer server([&](const std::string&) { return row.reply; });
    net::HttpSettings small = settings();
    small.body_bytes_max = 1000;
    small.header_bytes_max = 4000;
    net::HttpClient client(small);
    for (const Effect effect : {Effect::read, Effect::change}) {
      HttpRequest request = request_to(at(server), Method::post);
      request.effect = effect;
      request.timeout = base::Duration(400);
      const auto answer = client.send(request);
      REQUIRE(!answer);
      CHECK(answer.error().code == (effect == Effect::change ? Code::outcome_unknown : row.read));
      CHECK(!answer.error().next.empty());
    }
    CHECK(server.requests().size() == 2);  // nothing is repeated behind our back
  }
}

TEST_CASE("http client: a change never goes out on a kept connection, where libcurl would repeat it silently") {
  // The server takes the second request on the kept connection, has its effect, and drops the connection.
  int served = 0;
  SmallHttpServer server([&](const std::string&) {
    SmallReply reply;
    if (++served == 1) {
      reply = {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", {}, false, true};
    } else {
      reply.reset = true;
    }
    return reply;
  });
  net::HttpClient client(settings());
  REQUIRE(client.send(request_to(at(server))));
  // The server still waits on the first connection and serves one at a time: on a fresh one the change is met once, when the first is given up;
  // on a kept one it would be met at once, and again when libcurl repeats it.
  HttpRequest change = request_to(at(server), Method::post);
  change.timeout = base::Duration(500);
  const auto answer = client.send(change);
  REQUIRE(!answer);
  CHECK(answer.error().code == Code::outcome_unknown);
  const auto requests = server.requests();
  CHECK(std::count_if(requests.begin(), requests.end(), [](const std::string& request) { return request.starts_with("POST"); }) <= 1);
}

TEST_CASE("http client: what was never sent had no effect") {
  net::HttpClient client(settings());
  std::string address;
  {
    SmallHttpServer server([](const std::string&) { return SmallReply::answer(200, ""); });
    address = at(server);
  }
  const auto down = client.send(request_to(address, Method::post));
  REQUIRE(!down);
  CHECK(down.error().code == Code::unavailable);
  const auto nowhere = client.send(request_to("https://no-such-host.invalid", Method::post));
  REQUIRE(!nowhere);
  CHECK(nowhere.error().code == Code::unavailable);
  HttpRequest no_time = request_to(address, Method::post);
  no_time.timeout = base::Duration(0);
  CHECK(client.send(no_time).error().code == Code::unavailable);
}

TEST_CASE("http client: only the host's own certificate of a trusted authority is taken") {
  testing::TemporaryFolder folder;
  const auto reply = [](const std::string&) { return SmallReply::answer(200, "secret"); };
  SmallHttpServer right(reply, "localhost", folder.path());
  SmallHttpServer wrong(reply, "elsewhere.example", folder.path());
  struct Row {
    const SmallHttpServer* server;
    std::string ca_file;
    bool taken;
  };
  const Row rows[] = {
      {&right, right.ca_file(), true},
      {&right, wrong.ca_file(), false},
      {&right, "", false},
      {&wrong, wrong.ca_file(), false},
      {&right, folder.path() / "absent.pem", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.ca_file);
    net::HttpSettings made = settings();
    made.ca_file = row.ca_file;
    net::HttpClient client(made);
    const auto answer = client.send(request_to("https://localhost:" + std::to_string(row.server->port()), Method::post));
    CHECK(answer.has_value() == row.taken);
    if (!answer) {
      CHECK(answer.error().code == Code::failed_precondition);
      CHECK(answer.error().what.find("nothing was sent") != std::string::npos);
      CHECK(!answer.error().next.empty());
    }
  }
  CHECK(wrong.requests().empty());
}

TEST_CASE("http client: no secret and no path stands in an error") {
  SmallHttpServer server([](const std::string&) { return SmallReply{"", {}, true, false}; });
  net::HttpClient client(settings());
  HttpRequest request = request_to(at(server), Method::post);
  request.url = request.url.segment("hostile-name").query("token", "in-the-query");
  request.authorization = net::bearer(base::Secret("the-token"));
  request.cookies.emplace_back("session", base::Secret("the-cookie"));
  request.body = base::Secret("the-body");
  const auto answer = client.send(request);
  REQUIRE(!answer);
  for (const char* words : {"the-token", "the-cookie", "the-body", "in-the-query", "hostile-name"}) {
    CHECK(answer.error().text().find(words) == std::string::npos);
  }
  // A header that would break the line is refused before anything goes out, and is not repeated in the message.
  request.authorization = base::Secret("Bearer x\r\nX-Injected: 1");
  const auto injected = client.send(request);
  REQUIRE(!injected);
  CHECK(injected.error().code == Code::invalid_argument);
  CHECK(injected.error().text().find("Injected") == std::string::npos);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("http client: the environment's proxy never sees a request") {
  SmallHttpServer proxy([](const std::string&) { return SmallReply::answer(200, "from the proxy"); });
  SmallHttpServer server([](const std::string&) { return SmallReply::answer(200, "from the server"); });
  ::setenv("http_proxy", at(proxy).c_str(), 1);
  net::HttpClient client(settings());
  const auto answer = client.send(request_to(at(server)));
  ::unsetenv("http_proxy");
  REQUIRE(answer);
  CHECK(answer->body == "from the server");
  CHECK(proxy.requests().empty());
}

TEST_CASE("http client: addresses come from parts, and what could name another thing is refused") {
  for (const char* text : {"ftp://h", "http://example.org", "https://", "https://a:b@h", "https://h/p?q", "https://h/#f", "https://h/../x",
                           "h", "https://h\r\n", "http://127.0.0.1.example.org", "http://localhost@example.org"}) {
    CAPTURE(text);
    const auto url = net::Url::parse(text);
    REQUIRE(!url);
    CHECK(url.error().code == Code::invalid_argument);
    CHECK(url.error().what.find("a:b") == std::string::npos);
  }
  for (const char* text : {"https://h", "https://h:8443/prefix/", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"}) {
    CAPTURE(text);
    CHECK(net::Url::parse(text));
  }
  net::HttpClient client(settings());
  for (const char* name : {"", ".", ".."}) {
    HttpRequest request;
    request.url = net::Url::parse("http://127.0.0.1:1").value().segment(name);
    CHECK(client.send(request).error().code == Code::invalid_argument);
  }
}
