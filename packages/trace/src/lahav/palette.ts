import type { SegmentLabel } from './lahav-line.js';

/*
 * Guests have cool colours, the hypervisor has warm ones, idle is grey. The colours can be distinguished with the
 * common kinds of colour blindness (after Okabe and Ito's palette, "Color Universal Design", 2008).
 */
const GUESTS = ['#0072b2', '#56b4e9', '#009e73', '#44508c', '#7fcdbb', '#2c7fb8'];
const CAUSES: Readonly<Record<string, string>> = {
  mmio: '#d55e00',
  io: '#994f00',
  sysreg: '#e69f00',
  interrupt: '#cc79a7',
  hypercall: '#882255',
  pageFault: '#aa4499',
  cpuid: '#cc6677',
  msr: '#e69f00',
  wfi: '#f0e442',
  halt: '#f0e442',
  schedule: '#b07d48',
  host: '#c9a98f',
};
const OTHER_CAUSES = ['#b35806', '#c51b7d', '#fdb863', '#8c510a'];

/** Colour of idle time. */
export const IDLE_COLOUR = '#b4bcc4';

/** A colour for each label, by index. Equal VMs and vCPUs, and equal causes, have equal colours. */
export function coloursOf(labels: readonly SegmentLabel[]): readonly string[] {
  const guests: string[] = [];
  const others: string[] = [];
  return labels.map(({ kind, vm, vcpu, cause }) => {
    if (kind === 'idle') return IDLE_COLOUR;
    if (kind === 'guest') return pick(GUESTS, guests, `${vm}\0${vcpu}`);
    return CAUSES[cause] ?? pick(OTHER_CAUSES, others, cause);
  });
}

/** Colours in order of first use, starting over when all are used. */
function pick(palette: readonly string[], seen: string[], key: string): string {
  const known = seen.indexOf(key);
  const index = known >= 0 ? known : seen.push(key) - 1;
  return palette[index % palette.length] as string;
}
