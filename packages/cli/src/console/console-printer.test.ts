import { PassThrough } from 'node:stream';
import { ConsolePrinter } from './console-printer.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function setUp(): { readonly printer: ConsolePrinter; readonly printed: () => string } {
  const output = new PassThrough();
  return { printer: new ConsolePrinter(output, ['a', 'long']), printed: () => String(output.read() ?? '') };
}

it('prints whole lines with the names of their VMs', () => {
  const { printer, printed } = setUp();
  printer.print('a', bytes('one\r\ntw'));
  printer.print('long', bytes('three\n'));
  printer.print('a', bytes('o'));
  printer.end();
  expect(printed()).toBe('a    | one\nlong | three\na    | two\n');
});

it('lets one console through, and puts no line into the middle of one of its', () => {
  const { printer, printed } = setUp();
  printer.passThrough(bytes('# ls'));
  printer.print('a', bytes('one\ntwo\n'));
  printer.passThrough(bytes('\n'));
  printer.print('a', bytes('three\n'));
  expect(printed()).toBe('# ls\na    | one\na    | two\n\na    | three\n');
});
