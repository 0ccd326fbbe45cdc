import { buildLahavLine, chromeTrace, eventFilter, jsonLines, textLines } from '@qvm/trace';
import type { Trace } from '@qvm/trace';
import { formatOfName } from '../report/format-of-name.js';
import { loadTrace } from '../trace/load-trace.js';
import { writeOutput } from '../trace/write-output.js';

/** Formats that traces are converted to. */
export const TRACE_FORMATS = ['text', 'jsonl', 'chrome'] as const;

/** One of {@link TRACE_FORMATS}. */
export type TraceFormat = (typeof TRACE_FORMATS)[number];

/** Options of `qvm trace print` and `convert`. Times are nanoseconds. */
export interface TraceFlags {
  readonly vm?: readonly string[];
  readonly event?: readonly string[];
  readonly since?: number;
  readonly until?: number;
  readonly format?: TraceFormat;
  readonly output?: string;
}

/** Formats by the extension of a file's name. */
const ENDINGS = { '.txt': 'text', '.jsonl': 'jsonl', '.json': 'chrome' } as const;

/**
 * Converts a trace to another form, on stdout or in a file.
 *
 * @param otherwise - the format if neither an option nor the name of the file selects one.
 */
export async function convertTrace(file: string, flags: TraceFlags, otherwise: TraceFormat): Promise<void> {
  const format = formatOfName<TraceFormat>(flags.format, flags.output, ENDINGS, otherwise);
  const trace = await loadTrace(file);
  await writeOutput(convert(trace, flags, format), flags.output, file);
}

function convert(trace: Trace, { vm, event, since, until }: TraceFlags, format: TraceFormat): Iterable<string> {
  const range = { vms: vm, since, until };
  const wanted = eventFilter(trace.start, { ...range, events: event });
  if (format === 'text') return lines(textLines(trace.events(), wanted));
  if (format === 'jsonl') return lines(jsonLines(trace.events(), wanted));
  return chromeTrace(buildLahavLine(trace, eventFilter(trace.start, range)), trace.events(), wanted);
}

function* lines(texts: Iterable<string>): Generator<string, void, undefined> {
  for (const text of texts) yield `${text}\n`;
}
