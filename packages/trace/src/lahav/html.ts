import { bucketLane } from './buckets.js';
import type { LahavLine } from './lahav-line.js';
import { LahavPage } from './page/lahav-page.js';
import { LanePainter } from './page/lane-painter.js';
import { decodeLanes, pageData } from './page/page-data.js';
import { PAGE_STYLE } from './page/page-style.js';
import { ViewRange } from './page/view-range.js';
import { addSegments } from './totals.js';
import { formatDuration, formatShare, labelText, tickStep } from './units.js';

/**
 * Functions of the page's script. Each refers only to the others, so that its source text runs in the page: the page
 * computes with the same functions as this program.
 */
const SCRIPT_PARTS = [
  formatDuration,
  formatShare,
  labelText,
  tickStep,
  addSegments,
  bucketLane,
  decodeLanes,
  ViewRange,
  LanePainter,
  LahavPage,
];

/**
 * A Lahav Line as one self-contained HTML page with zoom and pan, filters and totals. It supports a million segments.
 *
 * @experimental
 */
export function lahavHtml(line: LahavLine): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<title>Lahav Line</title>
<style>${PAGE_STYLE}</style>
<main>
<header><h1>Lahav Line</h1><span class="hint">Where the time of each physical CPU goes: guests above the line, the hypervisor below it.</span><span id="lost"></span></header>
<div class="shares"><div id="s-guest"></div><div id="s-hypervisor"></div><div id="s-idle"></div></div>
<div class="facts">
<div><strong id="f-residency"></strong><span>residency: guest share of busy time</span></div>
<div><strong id="f-exits"></strong><span>guest exits</span></div>
<div><strong id="f-rate"></strong><span>guest exits per second</span></div>
<div><strong id="f-longest"></strong><span>longest in the hypervisor</span></div>
<div><strong id="f-span"></strong><span>shown</span></div>
</div>
<div class="bar">
<label>VM <select id="vm"><option value="">all</option></select></label>
<label>cause <select id="cause"><option value="">all</option></select></label>
<label>vdev <select id="vdev"><option value="">all</option></select></label>
<button id="longest">Show the longest</button>
<button id="reset">Show all</button>
<span class="hint">Wheel zooms, drag moves, double click shows all; keys + − 0 ← →</span>
</div>
<div class="chart"><div id="lanes"></div><div id="axis"></div><div id="overview"><div id="window"></div></div></div>
<table><thead><tr><th>where</th><th>exits</th><th>time</th><th>of shown</th><th>longest</th><th></th></tr></thead><tbody id="totals"></tbody></table>
</main>
<div id="tip" hidden></div>
<script type="application/json" id="data">${forScript(JSON.stringify(pageData(line)))}</script>
<script>
'use strict';
${forScript(SCRIPT_PARTS.map(declaration).join('\n'))}
const page = new LahavPage(JSON.parse(document.getElementById('data').textContent));
page.start();
</script>
</html>
`;
}

/**
 * Declares a function or class under the name by which the others refer to it: bundlers rename classes and make them
 * values without a name.
 */
function declaration(part: { readonly name: string; toString(): string }): string {
  return `const ${part.name} = ${part.toString()};`;
}

/** A name from the trace must not end the script. In JSON and in strings, the escape stands for the same character. */
function forScript(text: string): string {
  return text.replaceAll('</', '<\\/').replaceAll('<!--', '<\\!--');
}
