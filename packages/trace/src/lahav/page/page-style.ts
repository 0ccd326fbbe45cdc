/** The page's style, light or dark according to the user's system. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--bg:#fff;--panel:#f6f8fa;--ink:#1f2328;--soft:#59636e;--line:#d1d9e0;--guest:#0072b2;--hyper:#d55e00;--idle:#b4bcc4}
@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--panel:#161b22;--ink:#e6edf3;--soft:#9198a1;--line:#30363d;--guest:#2f95d3;--hyper:#e8762b;--idle:#59636e}}
*{box-sizing:border-box}
body{margin:0;padding:24px 28px 40px;background:var(--bg);color:var(--ink);font:14px/1.45 system-ui,sans-serif}
main{max-width:1600px;margin:auto}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:6px 20px}
h1{font-size:22px;font-weight:600;margin:0}
#lost{color:var(--hyper);font-weight:600}
.hint{color:var(--soft);font-size:12.5px}
.shares{display:flex;height:34px;margin:14px 0 12px;border-radius:6px;overflow:hidden;gap:1px}
.shares div{flex:0 1 0;min-width:0;padding:0 10px;line-height:34px;color:#fff;font-weight:600;white-space:nowrap;overflow:hidden;padding-inline:min(10px,100%)}
.shares div:empty{padding:0}
#s-guest{background:var(--guest)}#s-hypervisor{background:var(--hyper)}#s-idle{background:var(--idle);color:#1f2328}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin-bottom:16px}
.facts div{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:8px 14px}
.facts strong{display:block;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums}
.facts span{color:var(--soft);font-size:12.5px}
.bar{display:flex;flex-wrap:wrap;gap:12px;align-items:center;margin-bottom:10px}
select,button{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:4px 10px}
button{cursor:pointer}
.chart{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:12px 16px 8px}
.row{display:grid;grid-template-columns:64px 1fr;align-items:center}
.row span{font-weight:600;font-size:13px}
.row canvas{width:100%;display:block}
.lane canvas{height:96px;border-bottom:1px solid var(--line);cursor:grab;touch-action:none}
.mini canvas{height:26px}
#axis{position:relative;height:22px;margin-left:64px;overflow:hidden}
#axis span{position:absolute;font-size:11.5px;color:var(--soft);padding:3px 0 0 4px;border-left:1px solid var(--line);white-space:nowrap}
#overview{position:relative;border-top:1px solid var(--line);padding-top:8px;margin-top:4px;cursor:pointer}
#window{position:absolute;top:4px;bottom:-2px;border:1.5px solid var(--ink);border-radius:4px;background:color-mix(in srgb,var(--ink) 9%,transparent);pointer-events:none}

table{border-collapse:collapse;width:100%;margin-top:18px;font-variant-numeric:tabular-nums}
th{color:var(--soft);font-weight:500;text-align:right;font-size:12.5px;padding:4px 10px;border-bottom:1px solid var(--line)}
th:first-child,td:first-child{text-align:left}
td{text-align:right;padding:4px 10px;border-bottom:1px solid color-mix(in srgb,var(--line) 55%,transparent);white-space:nowrap}
td:last-child{width:34%;text-align:left}
td i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:9px}
td b{display:block;height:10px;border-radius:2px;min-width:1px}
#tip{position:fixed;z-index:2;background:var(--ink);color:var(--bg);padding:6px 10px;border-radius:6px;font-size:12.5px;white-space:pre;pointer-events:none}
`;
