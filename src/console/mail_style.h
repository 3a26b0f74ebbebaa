// The looks of the mailbox page, and the few lines that keep it up to date.
#pragma once

#include <string_view>

namespace cloudlet::console {

constexpr std::string_view mail_style = R"css(
:root{--bg:#f3f5f8;--pane:#fff;--line:#e2e7ee;--ink:#18212c;--soft:#5b6978;--faint:#8592a1;
  --hover:#f5f8fc;--pick:#e9f1fe;--accent:#1f66d6;--accent-ink:#fff;--code:#f3f5f8;
  --good:#13805a;--shadow:0 1px 2px rgba(16,32,56,.05),0 10px 34px rgba(16,32,56,.06)}
@media(prefers-color-scheme:dark){:root{--bg:#0e1319;--pane:#161d26;--line:#27313d;
  --ink:#e5ebf2;--soft:#a2b0bf;--faint:#76869a;--hover:#1b2430;--pick:#1c2d47;--accent:#6aa5ff;
  --accent-ink:#0b1420;--code:#0f151c;--good:#4cc38f;--shadow:none}}
*{box-sizing:border-box}
html,body{height:100%}
body{margin:0;background:var(--bg);color:var(--ink);
  font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;display:flex;
  flex-direction:column}
a{color:inherit;text-decoration:none}
header{display:flex;align-items:center;gap:.9rem;padding:.85rem 1.4rem;
  border-bottom:1px solid var(--line);background:var(--pane)}
header svg{width:26px;height:26px;color:var(--accent);flex:none}
header h1{font-size:1.02rem;margin:0;letter-spacing:.01em;white-space:nowrap}
header h1 span{color:var(--faint);font-weight:400}
header .count{color:var(--soft);font-size:.86rem;min-width:0;overflow:hidden;
  text-overflow:ellipsis;white-space:nowrap}
header form{margin-left:auto;white-space:nowrap}
nav{display:flex;gap:.4rem;flex-wrap:wrap;padding:.7rem 1.4rem 0}
nav a{max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
nav a{padding:.22rem .7rem;border:1px solid var(--line);border-radius:99px;font-size:.84rem;
  color:var(--soft);background:var(--pane)}
nav a:hover{border-color:var(--accent)}
nav a.on{background:var(--accent);border-color:var(--accent);color:var(--accent-ink)}
nav b{font-weight:600;opacity:.65;margin-left:.3rem}
main{flex:1;min-height:0;display:grid;grid-template-columns:minmax(300px,25rem) 1fr;gap:1rem;
  padding:.9rem 1.4rem 1.4rem}
section,article{background:var(--pane);border:1px solid var(--line);border-radius:14px;
  box-shadow:var(--shadow);overflow:auto;min-height:0}
.row{display:grid;grid-template-columns:38px 1fr auto;column-gap:.8rem;padding:.8rem 1rem;
  border-bottom:1px solid var(--line);align-items:center}
.row:hover{background:var(--hover)}
.row.on{background:var(--pick)}
.row:focus-visible,button:focus-visible,.button:focus-visible,nav a:focus-visible{
  outline:2px solid var(--accent);outline-offset:-2px}
.avatar{grid-row:span 3;width:38px;height:38px;border-radius:50%;display:grid;
  place-items:center;font-weight:600;color:#fff;align-self:start;margin-top:.15rem}
.h0{background:#3b6fd4}
.h1{background:#1c8a6b}
.h2{background:#b5612a}
.h3{background:#8a4bb8}
.h4{background:#b83a5e}
.h5{background:#4a7a2c}
.who{color:var(--soft);font-size:.86rem;overflow:hidden;text-overflow:ellipsis;
  white-space:nowrap}
time{color:var(--faint);font-size:.8rem;white-space:nowrap}
.subject,.preview{grid-column:2/4;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.preview{color:var(--faint);font-size:.86rem}
.new .subject{font-weight:650}
.new time::before{content:"";display:inline-block;width:8px;height:8px;border-radius:50%;
  background:var(--accent);margin-right:.45rem}
.older{display:block;text-align:center;padding:.8rem;color:var(--accent);font-size:.88rem}
article{padding:1.7rem 2rem;max-width:100%}
article h2{margin:0 0 1rem;font-size:1.3rem;line-height:1.35;overflow-wrap:anywhere}
.from{display:grid;grid-template-columns:38px 1fr auto;column-gap:.8rem;align-items:center;
  padding-bottom:1.1rem;border-bottom:1px solid var(--line)}
.from .avatar{grid-row:span 2;margin:0}
.from small{color:var(--soft);font-size:.86rem;overflow-wrap:anywhere}
.actions{display:flex;flex-wrap:wrap;gap:.6rem;margin:1.2rem 0 0}
button,.button{font:inherit;font-size:.9rem;border:1px solid var(--line);border-radius:9px;
  padding:.45rem .95rem;background:var(--pane);color:var(--ink);cursor:pointer}
button:hover,.button:hover{border-color:var(--accent)}
.button.main{background:var(--accent);border-color:var(--accent);color:var(--accent-ink);
  font-weight:600}
.text{white-space:pre-wrap;overflow-wrap:anywhere;margin:1.3rem 0 0;font:15px/1.62 inherit;
  font-family:inherit}
.text.json{font:13px/1.6 ui-monospace,SFMono-Regular,Menlo,monospace;background:var(--code);
  border-radius:10px;padding:1rem 1.1rem}
.text a{color:var(--accent);text-decoration:underline;text-underline-offset:2px;
  text-decoration-thickness:1px}
.facts{margin-top:1.6rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--faint);
  font-size:.8rem;overflow-wrap:anywhere}
.facts code{font:12px/1.5 ui-monospace,SFMono-Regular,Menlo,monospace}
.empty{display:grid;place-items:center;text-align:center;color:var(--soft);padding:2.5rem}
.empty svg{width:64px;height:64px;color:var(--faint);margin-bottom:.6rem}
.empty p{margin:.3rem 0;max-width:34rem}
.empty code{display:block;text-align:left;margin-top:1rem;background:var(--code);
  border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem;
  font:12.5px/1.6 ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere;
  color:var(--ink)}
@media(max-width:820px){main{grid-template-columns:1fr;padding:.8rem}nav{padding:.7rem .8rem 0}
  header{padding:.8rem}header h1 span{display:none}
  body.reading section,body.no-mail section,body:not(.reading) article{display:none}
  article{padding:1.2rem}body.no-mail article{display:grid}}
)css";

// Asks every two seconds whether the list is still the same, and if not puts the new one in its
// place. Times in the reader's own zone.
constexpr std::string_view mail_script = R"js(
const when = (at, now) => at.toDateString() === now.toDateString()
  ? at.toLocaleTimeString([], {hour: '2-digit', minute: '2-digit'})
  : at.toLocaleDateString([], {day: 'numeric', month: 'short'});
const local = () => {
  for (const time of document.querySelectorAll('time')) {
    const at = new Date(time.dateTime);
    time.title = at.toLocaleString();
    time.textContent = when(at, new Date());
  }
};
const renew = async () => {
  const answer = await fetch(location.href, {headers: {accept: 'text/html'}});
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const part of ['section', 'nav', '.count']) {
    const old = document.querySelector(part), fresh = page.querySelector(part);
    if (old && fresh && old.dataset.state !== fresh.dataset.state) old.replaceWith(fresh);
  }
  local();
};
local();
setInterval(() => document.hidden || renew().catch(() => {}), 2000);
)js";

}  // namespace cloudlet::console
