// The style sheet of the report: a screen from 360 px on, and paper (A4 and Letter alike: no size is set). Contrast at least 4.5:1.
#pragma once

#include <string_view>

namespace exeunt::service {

inline constexpr std::string_view k_report_style = R"css(
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;color:#1c1c1c;background:#fff;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 .8rem}
h2{font-size:1.25rem;margin:2.2rem 0 .6rem;border-bottom:2px solid #d0d0d0;padding-bottom:.2rem}
h3{font-size:1.05rem;margin:1.4rem 0 .4rem}
p,ul,dl,figure,table{margin:.5rem 0}
.small{color:#505050;font-size:.875rem;font-weight:400}
.verdict{font-size:1.15rem;font-weight:600;border-left:.4rem solid;padding:.6rem .8rem;background:#f5f5f5}
.good{border-color:#11692f}
.warn{border-color:#8a5300}
.bad{border-color:#a3150f}
.notice{border:2px solid #8a5300;padding:.5rem .8rem;background:#fff8e8}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}
dl.facts dt{font-weight:600}
dl.facts dd{margin:0}
table{border-collapse:collapse;width:100%}
table[role]{table-layout:fixed}
caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{text-align:left;vertical-align:top;padding:.4rem .5rem;border-top:1px solid #c4c4c4}
thead th{background:#f0f0f0}
tbody th{font-weight:600}
.tag{display:inline-block;border:1px solid #505050;border-radius:.2rem;padding:0 .35rem;font-size:.8rem}
td p,th p{margin:0}
svg{width:100%;height:auto;max-height:18rem}
svg text{font:12px system-ui,sans-serif;fill:#1c1c1c}
.axis{stroke:#505050}
.mark{stroke:#505050;stroke-dasharray:4 3}
.curve{fill:none;stroke:#0b57a4;stroke-width:2.5}
code{font:.9em ui-monospace,monospace}
@media (max-width:44rem){
 svg text{font-size:20px}
 dl.facts{display:block}
 dl.facts dd{margin:0 0 .5rem}
 table[role],[role] thead,[role] tbody,[role] tr,[role] th,[role] td,[role] caption{display:block}
 [role] thead{position:absolute;clip-path:inset(50%);height:1px;overflow:hidden}
 [role] tr{border-top:2px solid #909090;padding:.3rem 0}
 [role] th,[role] td{border:0;padding:.15rem 0}
}
@media print{
 @page{margin:16mm 14mm}
 :root{font-size:9.5pt}
 body{max-width:none;padding:0}
 h2,h3{break-after:avoid}
 tr,figure,.verdict,.notice{break-inside:avoid}
 thead{display:table-header-group}
}
)css";

}  // namespace exeunt::service
