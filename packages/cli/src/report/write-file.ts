import { OutputFile, type OutputFileOptions } from '@qvm/sdk';

/**
 * Writes the output file of a command, piece by piece.
 *
 * @throws QvmError `file.unwritable`
 */
export function writeFile(path: string, pieces: Iterable<string | Uint8Array>, options: OutputFileOptions): void {
  const file = OutputFile.open(path, options);
  try {
    for (const piece of pieces) file.write(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece);
  } finally {
    file.close();
  }
}
