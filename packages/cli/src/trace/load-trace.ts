import { createReadStream } from 'node:fs';
import { FileSourceError, openInput } from '@qvm/sdk';
import { TraceReader, type Trace } from '@qvm/trace';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';

const PIECE_BYTES = 0x10_0000;

/** Reads a binary trace. Warns on stderr if it is incomplete. */
export async function loadTrace(file: string): Promise<Trace> {
  const reader = new TraceReader();
  try {
    const { descriptor: fd } = openInput(file);
    // The stream closes the descriptor.
    const pieces = createReadStream(file, { fd, highWaterMark: PIECE_BYTES });
    for await (const piece of pieces) reader.push(piece as Uint8Array);
    return withWarnings(reader.end());
  } catch (cause) {
    const what =
      cause instanceof FileSourceError ? `the trace: ${cause.message}` : `the trace "${file}" cannot be read`;
    throw new CliError(what, CliExitCode.Failure, { cause });
  }
}

function withWarnings(trace: Trace): Trace {
  if (!trace.complete) process.stderr.write('qvm: warning: the trace was cut off\n');
  if (trace.lost !== 0) process.stderr.write(`qvm: warning: ${trace.lost} events were lost while recording\n`);
  return trace;
}
