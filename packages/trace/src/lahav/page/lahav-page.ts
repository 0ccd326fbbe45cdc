import type { LahavLane, SegmentLabel } from '../lahav-line.js';
import { addSegments } from '../totals.js';
import { formatDuration, formatShare, labelText, tickStep } from '../units.js';
import { LanePainter } from './lane-painter.js';
import { decodeLanes, type PageData } from './page-data.js';
import { ViewRange } from './view-range.js';

/** A row of the page's table. */
interface Row {
  readonly label: SegmentLabel;
  readonly colour: string;
  exits: number;
  time: number;
  longest: number;
  longestStart: number;
}

/** The page: lanes, overview, filters, totals. Runs in the page. */
export class LahavPage {
  readonly range: ViewRange;
  readonly lanes: readonly LahavLane[];
  readonly shown: Uint8Array;
  readonly #painters: readonly LanePainter[];
  #canvases: readonly HTMLCanvasElement[] = [];
  #overviews: readonly HTMLCanvasElement[] = [];
  #overviewDrawn = '';
  #drawing = false;

  constructor(readonly data: PageData) {
    this.range = new ViewRange(data.duration);
    this.lanes = decodeLanes(data.lanes);
    this.shown = new Uint8Array(data.labels.length).fill(1);
    this.#painters = this.lanes.map((lane) => new LanePainter(lane, data.labels, data.colours));
    this.range.changed = () => this.#redrawSoon();
  }

  /** Builds the parts that depend on the data, and adds listeners. */
  start(): void {
    this.#canvases = this.lanes.map(({ cpu }) => this.#addLane(`CPU ${cpu}`, 'lanes', 'lane'));
    this.#overviews = this.lanes.map(() => this.#addLane('', 'overview', 'mini'));
    this.#fillFilter('vm', ({ vm }) => vm);
    this.#fillFilter('cause', ({ cause }) => cause);
    this.#fillFilter('vdev', ({ vdev }) => vdev);
    if (this.data.lost > 0)
      this.#element('lost').textContent = `${this.data.lost} events were lost: the line is a guess around them.`;
    this.#listen();
    this.redraw();
  }

  /** Draws everything for the current range and filter. */
  redraw(): void {
    const { from, to } = this.range;
    this.#painters.forEach((painter, index) => {
      const canvas = this.#canvases[index];
      if (canvas) painter.paint(canvas, from, to, this.shown);
    });
    this.#drawOverview();
    this.#drawAxis();
    this.#drawTotals();
  }

  #element(id: string): HTMLElement {
    const element = document.getElementById(id);
    if (element === null) throw new Error(`the page has no ${id}`);
    return element;
  }

  #redrawSoon(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.redraw();
    });
  }

  #addLane(name: string, parent: string, className: string): HTMLCanvasElement {
    const row = document.createElement('div');
    row.className = `row ${className}`;
    const title = document.createElement('span');
    title.textContent = name;
    const canvas = document.createElement('canvas');
    row.append(title, canvas);
    this.#element(parent).append(row);
    return canvas;
  }

  #fillFilter(id: string, key: (label: SegmentLabel) => string): void {
    const select = this.#element(id) as HTMLSelectElement;
    const values = [...new Set(this.data.labels.map(key))].filter((value) => value !== '').sort();
    for (const value of values) select.append(new Option(value, value));
    select.addEventListener('change', () => this.#filter());
  }

  #filter(): void {
    const [vm, cause, vdev] = ['vm', 'cause', 'vdev'].map((id) => (this.#element(id) as HTMLSelectElement).value);
    this.data.labels.forEach((label, index) => {
      const wanted = (!vm || label.vm === vm) && (!cause || label.cause === cause) && (!vdev || label.vdev === vdev);
      this.shown[index] = wanted ? 1 : 0;
    });
    this.#redrawSoon();
  }

  #listen(): void {
    const lanes = this.#element('lanes');
    lanes.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
        if (sideways) this.range.pan((event.deltaX || event.deltaY) / 1000);
        else this.range.zoom(1.0015 ** event.deltaY, this.#shareAt(event.clientX));
      },
      { passive: false },
    );
    lanes.addEventListener('pointerdown', (event) => this.#drag(lanes, event, -1));
    lanes.addEventListener('pointermove', (event) => this.#hover(event));
    lanes.addEventListener('pointerleave', () => (this.#element('tip').hidden = true));
    lanes.addEventListener('dblclick', () => this.range.show(0, this.data.duration));
    this.#element('overview').addEventListener('pointerdown', (event) => this.#jump(event));
    this.#element('reset').addEventListener('click', () => this.range.show(0, this.data.duration));
    this.#element('longest').addEventListener('click', () => this.#showLongest());
    document.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#redrawSoon()).observe(lanes);
  }

  #key(event: KeyboardEvent): void {
    if (event.target instanceof HTMLSelectElement) return;
    if (event.key === 'ArrowLeft') this.range.pan(-0.1);
    else if (event.key === 'ArrowRight') this.range.pan(0.1);
    else if (event.key === '+' || event.key === '=') this.range.zoom(0.7, 0.5);
    else if (event.key === '-') this.range.zoom(1 / 0.7, 0.5);
    else if (event.key === '0') this.range.show(0, this.data.duration);
  }

  /** Position of a point in the lanes, as a share of their width. */
  #shareAt(clientX: number): number {
    const box = this.#canvases[0]?.getBoundingClientRect();
    return box ? Math.max(0, Math.min(1, (clientX - box.left) / box.width)) : 0.5;
  }

  #drag(target: HTMLElement, start: PointerEvent, direction: number): void {
    const { from, span } = this.range;
    const begin = this.#shareAt(start.clientX);
    const move = (event: PointerEvent): void => {
      const by = (this.#shareAt(event.clientX) - begin) * span * direction;
      const left = Math.max(0, Math.min(from + by, this.data.duration - span));
      this.range.show(left, left + span);
    };
    target.setPointerCapture(start.pointerId);
    target.addEventListener('pointermove', move);
    target.addEventListener('pointerup', () => target.removeEventListener('pointermove', move), { once: true });
  }

  /** A click on the overview moves the range there and keeps its length. */
  #jump(event: PointerEvent): void {
    const { span } = this.range;
    const middle = this.#shareAt(event.clientX) * this.data.duration;
    const left = Math.max(0, Math.min(middle - span / 2, this.data.duration - span));
    this.range.show(left, left + span);
  }

  #showLongest(): void {
    const { from, to } = this.range;
    const working = addSegments(this.lanes, from, to).filter(
      ({ label }) => this.data.labels[label]?.kind === 'hypervisor' && this.shown[label],
    );
    const longest = working.sort((a, b) => b.longest - a.longest)[0];
    if (longest) this.range.show(longest.longestStart - longest.longest, longest.longestStart + 2 * longest.longest);
  }

  #hover(event: PointerEvent): void {
    const tip = this.#element('tip');
    const index = this.#canvases.indexOf(event.target as HTMLCanvasElement);
    const painter = this.#painters[index];
    const time = this.range.from + this.#shareAt(event.clientX) * this.range.span;
    const segment = painter?.segmentAt(time) ?? -1;
    tip.hidden = painter === undefined || segment < 0;
    if (painter === undefined || segment < 0) return;
    const { starts, labels, end } = painter.lane;
    const label = this.data.labels[labels[segment] as number];
    const start = starts[segment] as number;
    const length = (starts[segment + 1] ?? end) - start;
    const place = label && label.vcpu >= 0 && label.kind !== 'guest' ? ` of ${label.vm}/${label.vcpu}` : '';
    const kind = label?.kind === 'hypervisor' ? (label.exit ? 'guest exit' : 'hypervisor') : (label?.kind ?? '');
    const name = label ? labelText(label) : '?';
    tip.textContent = `${name}\n${kind}${place}\n${formatDuration(length)} at ${formatDuration(start)}`;
    tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${event.clientY + 16}px`;
  }

  /** The overview depends on the filter and its size; a change of the range only moves the window over it. */
  #drawOverview(): void {
    const { duration } = this.data;
    const state = `${this.shown.join('')} ${this.#overviews[0]?.clientWidth ?? 0}`;
    if (state !== this.#overviewDrawn) {
      this.#painters.forEach((painter, index) => {
        const canvas = this.#overviews[index];
        if (canvas) painter.paint(canvas, 0, duration, this.shown);
      });
      this.#overviewDrawn = state;
    }
    const frame = this.#element('window');
    const box = this.#overviews[0]?.getBoundingClientRect();
    const parent = this.#element('overview').getBoundingClientRect();
    if (!box) return;
    frame.style.left = `${box.left - parent.left + (this.range.from / duration) * box.width}px`;
    frame.style.width = `${Math.max(3, (this.range.span / duration) * box.width)}px`;
  }

  #drawAxis(): void {
    const { from, to, span } = this.range;
    const step = tickStep(span, 8);
    const axis = this.#element('axis');
    axis.replaceChildren();
    // Marks that would round to the same text show their distance from the left edge.
    const fine = step < from / 500;
    const first = fine ? from : Math.ceil(from / step) * step;
    for (let time = first; time <= to; time += step) {
      const mark = document.createElement('span');
      mark.style.left = `${(100 * (time - from)) / span}%`;
      mark.textContent = fine && time > from ? `+${formatDuration(time - from)}` : formatDuration(time);
      axis.append(mark);
    }
  }

  /** The table's rows: labels with the same text are merged. */
  #rows(): Row[] {
    const rows = new Map<string, Row>();
    for (const { label: index, count, time, longest, longestStart } of addSegments(
      this.lanes,
      this.range.from,
      this.range.to,
    )) {
      const label = this.data.labels[index];
      if (!label || !this.shown[index]) continue;
      const key = `${label.kind} ${labelText(label)}`;
      let row = rows.get(key);
      if (!row) {
        row = { label, colour: this.data.colours[index] ?? '#888', exits: 0, time: 0, longest: 0, longestStart: 0 };
        rows.set(key, row);
      }
      if (label.exit) row.exits += count;
      row.time += time;
      if (longest > row.longest) Object.assign(row, { longest, longestStart });
    }
    const order = ['guest', 'hypervisor', 'idle'];
    return [...rows.values()].sort(
      (a, b) => order.indexOf(a.label.kind) - order.indexOf(b.label.kind) || b.time - a.time,
    );
  }

  #drawTotals(): void {
    const rows = this.#rows();
    const sum = (kind: string): number =>
      rows.reduce((total, row) => (row.label.kind === kind ? total + row.time : total), 0);
    const [guest, hypervisor, idle] = [sum('guest'), sum('hypervisor'), sum('idle')];
    const all = guest + hypervisor + idle;
    const exits = rows.reduce((total, row) => total + row.exits, 0);
    const longest = rows.reduce(
      (most, row) => (row.label.kind === 'hypervisor' ? Math.max(most, row.longest) : most),
      0,
    );
    this.#drawShares([guest, hypervisor, idle], all);
    this.#fact('f-residency', formatShare(guest, guest + hypervisor));
    this.#fact('f-exits', exits.toLocaleString('en'));
    this.#fact(
      'f-rate',
      this.range.span === 0 ? '–' : Math.round((exits * 1e9) / this.range.span).toLocaleString('en'),
    );
    this.#fact('f-longest', formatDuration(longest));
    this.#fact('f-span', formatDuration(this.range.span));
    const body = this.#element('totals');
    body.replaceChildren(...rows.map((row) => this.#tableRow(row, all)));
  }

  #fact(id: string, text: string): void {
    this.#element(id).textContent = text;
  }

  /** The bar at the top, with the shares of time. */
  #drawShares(times: readonly number[], all: number): void {
    ['guest', 'hypervisor', 'idle'].forEach((kind, index) => {
      const time = times[index] ?? 0;
      const part = this.#element(`s-${kind}`);
      part.style.flexGrow = String(all === 0 ? 0 : time / all);
      const name = time / all < 0.06 ? '' : `${kind} ${formatShare(time, all)}`;
      part.textContent = name;
      part.title = `${kind}: ${formatDuration(time)}, ${formatShare(time, all)}`;
    });
  }

  #tableRow({ label, colour, exits, time, longest }: Row, all: number): HTMLTableRowElement {
    const row = document.createElement('tr');
    row.dataset['key'] = labelText(label);
    row.dataset['kind'] = label.kind;
    row.dataset['time'] = String(time);
    row.dataset['exits'] = String(exits);
    const swatch = document.createElement('i');
    swatch.style.background = colour;
    const name = row.insertCell();
    name.append(swatch, labelText(label));
    const cells = [
      label.exit ? exits.toLocaleString('en') : '',
      formatDuration(time),
      formatShare(time, all),
      formatDuration(longest),
    ];
    for (const text of cells) row.insertCell().textContent = text;
    const bar = document.createElement('b');
    bar.style.width = `${all === 0 ? 0 : (100 * time) / all}%`;
    bar.style.background = colour;
    row.insertCell().append(bar);
    return row;
  }
}
