import { createReadStream } from 'node:fs';
import { TraceReader, type Trace } from '@qvm/trace';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';

const PIECE_BYTES = 0x10_0000;

/** Reads a binary trace. Says on stderr when it is not whole. */
export async function loadTrace(file: string): Promise<Trace> {
  const reader = new TraceReader();
  try {
    for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES })) reader.push(piece as Uint8Array);
    return withWarnings(reader.end());
  } catch (cause) {
    throw new CliError(`the trace "${file}" cannot be read`, CliExitCode.Failure, { cause });
  }
}

function withWarnings(trace: Trace): Trace {
  if (!trace.complete) process.stderr.write('qvm: warning: the trace was cut off\n');
  if (trace.lost !== 0) process.stderr.write(`qvm: warning: ${trace.lost} events were lost while recording\n`);
  return trace;
}
