import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { outputIsLost } from '../report/output-streams.js';
import { writeFile } from '../report/write-file.js';

/** Number of characters that are written at once. */
const BATCH = 0x1_0000;

/**
 * Writes pieces of text to a file, or to stdout.
 *
 * @param input - the file from which the text was made.
 */
export async function writeOutput(pieces: Iterable<string>, file: string | undefined, input: string): Promise<void> {
  if (file === undefined) await writeToStdout(batches(pieces));
  else writeFile(file, batches(pieces), { owner: 'qvm trace', inputs: [input] });
}

async function writeToStdout(pieces: Iterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(pieces), process.stdout, { end: false });
  } catch (error) {
    // `watchOutput` has reported it.
    if (!outputIsLost()) throw error;
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
