/** The look of the documentation page: a reading column, quiet colours, both light and dark. */
export const DOCS_STYLE = `
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --line: #d8dee4; --paper: #fff; --tint: #f6f8fa; --link: #0a58b5; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #dde3ea; --soft: #9aa6b2; --line: #323a43; --paper: #14181d; --tint: #1c2229; --link: #7fb2f0; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.6 system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 3rem 1.5rem 6rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.4rem; margin: 3.5rem 0 0.5rem; }
h3 { font-size: 1.1rem; margin: 0 0 0.25rem; }
h4 { font-size: 0.8rem; margin: 1.2rem 0 0.3rem; color: var(--soft); font-weight: 600; }
p { margin: 0.4rem 0; }
a { color: var(--link); text-underline-offset: 0.15em; }
code { font: 0.88em/1.5 ui-monospace, monospace; background: var(--tint); padding: 0.1em 0.3em; border-radius: 3px; overflow-wrap: anywhere; }
nav { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: 0 2rem; }
nav h2 { font-size: 0.9rem; margin: 2rem 0 0.3rem; }
nav ul { list-style: none; margin: 0; padding: 0; font-size: 0.9rem; }
article { border-top: 1px solid var(--line); padding: 1.5rem 0; margin-top: 1.5rem; scroll-margin-top: 1rem; }
.address { font-size: 1.05rem; }
.address code { background: none; padding: 0; }
.note { color: var(--soft); }
table { width: 100%; border-collapse: collapse; font-size: 0.9rem; }
td { border-top: 1px solid var(--line); padding: 0.4rem 1rem 0.4rem 0; vertical-align: top; }
td p:first-child { margin-top: 0; }
td:nth-child(2) { color: var(--soft); min-width: 6rem; }
i { font-style: normal; color: var(--soft); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
`;
