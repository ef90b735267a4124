/** The style of `/docs`. It lies here rather than in a file so that every bundle of the package carries it. */
export const DOCS_STYLE = `:root {
  color-scheme: light dark;
  --back: #fbfbfc; --card: #ffffff; --text: #1c2128; --soft: #5b6472; --line: #e1e4ea; --code: #f2f4f8;
  --accent: #2456c8; --up: #8a4b00; --up-back: #fdf0dc; --down: #10603a; --down-back: #e0f4e8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #12151a; --card: #191d24; --text: #e4e7ec; --soft: #a0a9b8; --line: #2c323c; --code: #222832;
    --accent: #8ab0ff; --up: #ffc77d; --up-back: #3a2c17; --down: #86dba9; --down-back: #17331f;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0; background: var(--back); color: var(--text);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
}
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; padding: .4rem .8rem; background: var(--card); }
header { padding: 2.2rem 1.5rem 1.6rem; border-bottom: 1px solid var(--line); background: var(--card); }
header > * { max-width: 78rem; margin-inline: auto; }
h1 { margin-block: 0 .6rem; font-size: 2rem; line-height: 1.2; letter-spacing: -.02em; }
h1 small { color: var(--soft); font-size: 1rem; font-weight: 400; letter-spacing: 0; }
.links { display: flex; flex-wrap: wrap; gap: .6rem; margin-block: 0; }
.links a { padding: .25rem .8rem; border: 1px solid var(--line); border-radius: 6px; }
.links a.primary { background: var(--accent); border-color: var(--accent); color: var(--card); }
.links a.primary .zh { color: inherit; }
.columns { display: grid; grid-template-columns: 15rem minmax(0, 1fr); gap: 2.5rem; max-width: 81rem; margin: 0 auto; padding: 0 1.5rem 4rem; }
nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding: 1.5rem 0; font-size: .92rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav ul ul { padding-left: .8rem; border-left: 1px solid var(--line); margin: .2rem 0 .6rem; }
nav li { padding: .12rem 0; }
nav code { background: none; padding: 0; }
h2 { margin: 2.6rem 0 1rem; font-size: 1.45rem; }
h3 { margin: 0 0 .4rem; font-size: 1.08rem; display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .6rem; }
h3 code { font-size: 1.05rem; }
section > h3 { margin-top: 1.4rem; }
.zh { color: var(--soft); font-weight: 400; }
.beside { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2.2rem; }
article { margin: 0 0 1.2rem; padding: 1.1rem 1.3rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
article:target { border-color: var(--accent); }
article > p { margin: .2rem 0 .8rem; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .88em; }
code { background: var(--code); padding: .1em .35em; border-radius: 4px; overflow-wrap: anywhere; }
pre { margin: .8rem 0 0; padding: .8rem 1rem; background: var(--code); border-radius: 8px; overflow-x: auto; line-height: 1.5; }
pre code { background: none; padding: 0; overflow-wrap: normal; }
.badge { padding: .05rem .55rem; border-radius: 99px; background: var(--code); color: var(--soft); font-size: .78rem; font-weight: 400; }
.badge code { background: none; padding: 0; font-size: .95em; }
.badge .zh { color: inherit; }
.badge.up { background: var(--up-back); color: var(--up); }
.badge.down { background: var(--down-back); color: var(--down); }
.scroll { overflow-x: auto; }
:lang(zh) em { font-style: normal; font-weight: 600; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .4rem .7rem .4rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td:first-child { white-space: nowrap; }
tbody tr:last-child td { border-bottom: 0; }
.rule { display: inline-block; padding: 0 .45rem; border: 1px solid var(--line); border-radius: 4px; color: var(--soft); font-size: .85em; }
@media (max-width: 56rem) {
  .columns { grid-template-columns: minmax(0, 1fr); gap: 0; padding-inline: 1rem; }
  nav { position: static; max-height: none; padding-bottom: 0; }
  nav > ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; }
  nav ul ul { display: none; }
  .beside { grid-template-columns: minmax(0, 1fr); }
  table { min-width: 36rem; }
}
@media print { nav, .links { display: none; } .columns { display: block; } article { break-inside: avoid; } }
`;
