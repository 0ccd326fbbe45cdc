import { GuestFormatError } from './errors.js';
import { formatManifest, parseManifest } from './manifest.js';

const digest = 'ab'.repeat(32);
const manifest = {
  guest: 'debian-arm64',
  recipe: 'cd'.repeat(32),
  packages: [{ name: 'busybox-static', version: '1:1.35.0-4+b1', architecture: 'arm64', sha256: digest }],
  files: [
    { name: 'Image', size: 12345, sha256: digest },
    { name: 'initramfs.cpio.gz', size: 0, sha256: digest },
  ],
};

describe('manifest', () => {
  it('is read back the same', () => {
    expect(parseManifest(formatManifest(manifest))).toEqual(manifest);
  });

  const good = formatManifest(manifest);
  it.each([
    ['nothing', ''],
    ['a cut-off end', good.slice(0, -1)],
    ['another version', good.replace('qvm-guest 1', 'qvm-guest 2')],
    ['a path', good.replace('Image', '../Image')],
    ['a hidden file', good.replace('Image', '.lock')],
    ['a short digest', good.replace(digest, 'ab')],
    ['a file twice', `${good}file ${digest} 1 Image\n`],
    ['a line of another kind', `${good}link a b\n`],
    ['no recipe', good.replace(/^recipe.*\n/m, '')],
    ['two guests', `${good}guest other\n`],
    ['an endless one', good + '\n'.repeat(100_000)],
  ])('refuses %s', (_, text) => {
    expect(() => parseManifest(text)).toThrow(GuestFormatError);
  });
});
