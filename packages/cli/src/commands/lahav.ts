import { buildLahavLine, clipLahavLine, eventFilter, lahavHtml, lahavJson, lahavSvg, lahavTerminal } from '@qvm/trace';
import type { LahavLine } from '@qvm/trace';
import { formatOfName } from '../report/format-of-name.js';
import { loadTrace } from '../trace/load-trace.js';
import { writeOutput } from '../trace/write-output.js';

/** Output formats of a Lahav Line. */
export const LAHAV_FORMATS = ['terminal', 'svg', 'html', 'json'] as const;

/** One of {@link LAHAV_FORMATS}. */
export type LahavFormat = (typeof LAHAV_FORMATS)[number];

/** Options of `qvm lahav`. Times are nanoseconds since the start of the trace. */
export interface LahavFlags {
  readonly format?: LahavFormat;
  readonly vm?: readonly string[];
  readonly from?: number;
  readonly to?: number;
  readonly output?: string;
}

/** `qvm lahav`: draws the Lahav Line of a trace. */
export async function lahav(file: string, flags: LahavFlags): Promise<void> {
  const trace = await loadTrace(file);
  const whole = buildLahavLine(trace, eventFilter(trace.start, { vms: flags.vm }));
  const line =
    flags.from === undefined && flags.to === undefined
      ? whole
      : clipLahavLine(whole, trace.start + (flags.from ?? 0), trace.start + (flags.to ?? Infinity));
  await writeOutput(draw(line, flags), flags.output, file);
}

/** Formats by the extension of a file's name. */
const ENDINGS = { '.svg': 'svg', '.html': 'html', '.htm': 'html', '.json': 'json', '.txt': 'terminal' } as const;

function draw(line: LahavLine, { format, output }: LahavFlags): Iterable<string> {
  switch (formatOfName<LahavFormat>(format, output, ENDINGS, 'terminal')) {
    case 'svg':
      return [lahavSvg(line)];
    case 'html':
      return [lahavHtml(line)];
    case 'json':
      return lahavJson(line);
    case 'terminal':
      return [lahavTerminal(line, terminalOptions(output))];
  }
}

/** Colours are used on terminals, unless the user has disabled them (no-color.org). */
function terminalOptions(output: string | undefined): { readonly width: number; readonly colour: boolean } {
  const { columns = 100, isTTY } = process.stdout;
  return { width: columns, colour: output === undefined && isTTY && !process.env['NO_COLOR'] };
}
