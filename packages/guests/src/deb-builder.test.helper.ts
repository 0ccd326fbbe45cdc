import { writeAr } from './deb.js';

/** Path, and a file's text or where a symbolic link points. */
export type TarMember = readonly [path: string, content: string | { readonly symlink: string }];

function tarMember([path, content]: TarMember): Buffer {
  const link = typeof content === 'string' ? '' : content.symlink;
  const data = Buffer.from(typeof content === 'string' ? content : '');
  const block = Buffer.alloc(512);
  block.write(path, 0);
  block.write('0000755\0', 100);
  block.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
  block.write(link === '' ? '0' : '2', 156);
  block.write(link, 157);
  block.write('ustar  \0', 257);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([block, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

/** A small tar archive. */
export function makeTar(...members: readonly TarMember[]): Buffer {
  return Buffer.concat([...members.map(tarMember), Buffer.alloc(1024)]);
}

/** A .deb that holds these files. */
export function makeDeb(...members: readonly TarMember[]): Uint8Array {
  return writeAr([
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar', makeTar(['./control', 'Package: test\n'])],
    ['data.tar', makeTar(...members)],
  ]);
}
