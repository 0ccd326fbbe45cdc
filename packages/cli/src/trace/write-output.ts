import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';

/** Characters that are written at once. */
const BATCH = 0x1_0000;

/** Writes pieces of text to a file, or to stdout. A reader of stdout that goes away ends it in silence. */
export async function writeOutput(pieces: Iterable<string>, file: string | undefined): Promise<void> {
  const source = Readable.from(batches(pieces));
  try {
    if (file === undefined) await pipeline(source, process.stdout, { end: false });
    else await pipeline(source, createWriteStream(file));
  } catch (cause) {
    if (file === undefined && (cause as NodeJS.ErrnoException).code === 'EPIPE') return;
    throw new CliError(`"${file ?? 'stdout'}" cannot be written`, CliExitCode.Failure, { cause });
  }
}

function* batches(pieces: Iterable<string>): Generator<string, void, undefined> {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < BATCH) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}
