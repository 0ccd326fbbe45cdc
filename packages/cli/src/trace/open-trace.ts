import { KevWriter } from './kev-writer.js';
import { TraceWriter, type TraceSink } from './trace-writer.js';

/** Opens a trace for writing: binary for names that end with `.kev`, otherwise text. */
export function openTrace(file: string, failed: (message: string) => void): TraceSink {
  return file.endsWith('.kev') ? new KevWriter(file, failed) : new TraceWriter(file, failed);
}
