#include "service/report_curve.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "service/report_words.hpp"

namespace exeunt::service {
namespace {

constexpr double k_width = 640, k_height = 220;
constexpr double k_left = 44, k_right = 16, k_top = 14, k_bottom = 34;
constexpr std::size_t k_rows_max = 12;  // of the table beside it

struct Frame {
  base::Time from{}, to{};
  int most = 1;

  [[nodiscard]] double x(base::Time t) const {
    const double span = std::max(1.0, static_cast<double>((to - from).count()));
    const double part = std::clamp(static_cast<double>((t - from).count()) / span, 0.0, 1.0);
    return k_left + part * (k_width - k_left - k_right);
  }
  [[nodiscard]] double y(int open) const {
    return k_height - k_bottom - (k_height - k_top - k_bottom) * static_cast<double>(open) / static_cast<double>(most);
  }
};

/// The points from the frame's beginning on, the first of them at it.
std::vector<evidence::ExposurePoint> shown_points(const Report& report, base::Time from) {
  std::vector<evidence::ExposurePoint> out;
  for (const auto& point : report.exposure) {
    if (point.t > from || out.empty())
      out.push_back({std::max(point.t, from), point.open});
    else
      out.back().open = point.open;
  }
  return out;
}

std::string line_path(const Frame& frame, const std::vector<evidence::ExposurePoint>& points) {
  std::string out = fmt::format("M{:.1f} {:.1f}", frame.x(points.front().t), frame.y(points.front().open));
  for (std::size_t i = 1; i < points.size(); ++i) out += fmt::format("H{:.1f}V{:.1f}", frame.x(points[i].t), frame.y(points[i].open));
  return out + fmt::format("H{:.1f}", k_width - k_right);
}

std::string mark(const Frame& frame, const std::optional<base::Time>& t, std::string_view words, double y) {
  if (!t || *t < frame.from || *t > frame.to) return {};
  const double x = frame.x(*t);
  const bool right = x > k_width * 0.7;
  return fmt::format(R"(<line class="mark" x1="{0:.1f}" y1="{1}" x2="{0:.1f}" y2="{2}"/><text x="{3:.1f}" y="{4}"{5}>{6}</text>)", x, k_top,
                     k_height - k_bottom, right ? x - 4 : x + 4, y, right ? R"( text-anchor="end")" : "", words);
}

std::string axes(const Frame& frame) {
  return fmt::format(R"(<line class="axis" x1="{0}" y1="{1}" x2="{0}" y2="{2}"/><line class="axis" x1="{0}" y1="{2}" x2="{3}" y2="{2}"/>)"
                     R"(<text x="{4}" y="{5}" text-anchor="end">{6}</text><text x="{4}" y="{2}" text-anchor="end">0</text>)"
                     R"(<text x="{0}" y="{7}">{8}</text><text x="{3}" y="{7}" text-anchor="end">{9}</text>)",
                     k_left, k_top, k_height - k_bottom, k_width - k_right, k_left - 6, k_top + 10, frame.most, k_height - k_bottom + 18,
                     clock_words(frame.from), clock_words(frame.to));
}

std::string table(const std::vector<evidence::ExposurePoint>& points) {
  std::string out =
      R"(<details><summary>The curve as a table</summary><table><caption>Ways in still open</caption><thead><tr><th scope="col">From</th><th scope="col">Open</th></tr></thead><tbody>)";
  const std::size_t every = (points.size() + k_rows_max - 1) / k_rows_max;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (i % every == 0 || i + 1 == points.size())
      out += fmt::format(R"(<tr><th scope="row">{}</th><td>{}</td></tr>)", time_words(points[i].t), points[i].open);
  return out + "</tbody></table></details>\n";
}

}  // namespace

std::string exposure_curve(const Report& report) {
  if (report.exposure.empty()) return {};
  Frame frame;
  frame.from = report.approved.value_or(report.exposure.front().t);
  frame.to = std::max({report.exposure.back().t, report.zero.value_or(frame.from), report.identity_cut.value_or(frame.from)});
  const auto points = shown_points(report, frame.from);
  for (const auto& point : points) frame.most = std::max(frame.most, point.open);
  const std::string words = fmt::format("At {} there were {} open; at {} there were {}.", time_words(points.front().t), points.front().open,
                                        time_words(points.back().t), points.back().open);
  return fmt::format(R"(<figure><svg viewBox="0 0 {} {}" role="img" aria-labelledby="curve-title curve-words">)", k_width, k_height) +
         R"(<title id="curve-title">Ways in still open over time</title><desc id="curve-words">)" + words + "</desc>" + axes(frame) +
         mark(frame, report.identity_cut, "identity cut", k_top + 10) + mark(frame, report.zero, "no way in left", k_top + 34) +
         R"(<path class="curve" d=")" + line_path(frame, points) + R"("/></svg><figcaption>)" + words +
         (report.approved ? " The curve begins at the approval." : "") + "</figcaption></figure>\n" + table(points);
}

}  // namespace exeunt::service
