import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDeb } from './deb-builder.test.helper.js';
import type { Environment } from './environment.js';
import { fetchGuest } from './fetch.js';
import { sha256 } from './hash.js';
import type { FetchProgress } from './progress.js';
import { guestPath, isGuestComplete, verifyGuest } from './verify.js';

const GUEST = 'u-boot-arm64';
const FIRMWARE = 'usr/lib/u-boot/qemu_arm64/u-boot.bin';
const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0;
let folder = '';
let env: Environment = {};

/** A replacement for apt with one package: `archive` is the state of the network, `lists` that of the last update. */
const FAKE_APT_GET = `#!/bin/sh
echo "apt-get $*" >>"$FAKE/log"
case "$*" in
*" update")
  [ ! -e "$FAKE/offline" ] || { echo "W: Failed to fetch http://mirror.invalid/x" >&2; exit 0; }
  echo "dlstatus:1:50.0000:Retrieving file 1 of 2" >&3
  rm -rf "$FAKE/lists"; cp -r "$FAKE/archive" "$FAKE/lists" ;;
*" download "*)
  [ ! -e "$FAKE/offline" ] || { echo "E: Failed to fetch" >&2; exit 100; }
  [ ! -e "$FAKE/slow" ] || exec sleep 20
  for last; do :; done
  f=u-boot-qemu_\${last#*=}_all.deb
  [ -e "$FAKE/archive/$f" ] || { echo "E: 404 Not Found" >&2; exit 100; }
  cp "$FAKE/archive/$f" . ;;
esac
`;
const FAKE_APT_CACHE = `#!/bin/sh
cat "$FAKE/lists/Packages" 2>/dev/null || { echo "E: No packages found" >&2; exit 100; }
`;

function publish(version: string, content: string, digest?: string): void {
  const archive = join(folder, 'fake/archive');
  rmSync(archive, { recursive: true, force: true });
  mkdirSync(archive, { recursive: true });
  const deb = makeDeb([`./${FIRMWARE}`, content]);
  writeFileSync(join(archive, `u-boot-qemu_${version}_all.deb`), deb);
  const fields = ['Package: u-boot-qemu', `Version: ${version}`, 'Architecture: all', `Size: ${deb.length}`];
  writeFileSync(join(archive, 'Packages'), `${fields.join('\n')}\nSHA256: ${digest ?? sha256(deb)}\n`);
}

const calls = (what: string): number => {
  const log = join(folder, 'fake/log');
  return existsSync(log)
    ? readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.includes(what)).length
    : 0;
};
const setFlag = (name: string): void => writeFileSync(join(folder, 'fake', name), '');
const clearFlag = (name: string): void => rmSync(join(folder, 'fake', name), { force: true });
const firmware = (): string => readFileSync(join(guestPath(GUEST, env), 'u-boot.bin'), 'utf8');
const leftovers = (): string[] => readdirSync(join(folder, 'cache')).filter((name) => name.startsWith('.'));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qvm fetch-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'fake'));
  for (const [name, text] of [
    ['apt-get', FAKE_APT_GET],
    ['apt-cache', FAKE_APT_CACHE],
  ] as const) {
    writeFileSync(join(folder, 'bin', name), text);
    chmodSync(join(folder, 'bin', name), 0o755);
  }
  env = {
    PATH: `${join(folder, 'bin')}:${process.env.PATH ?? ''}`,
    FAKE: join(folder, 'fake'),
    QVM_GUESTS: join(folder, 'cache'),
  };
  publish('1.0-1', 'first');
});
afterEach(() => rmSync(folder, { recursive: true }));

(hasDpkg ? describe : describe.skip)('fetchGuest', () => {
  it('fetches, assembles and reports, and does nothing when all is there', async () => {
    const reports: FetchProgress[] = [];
    expect(await isGuestComplete(GUEST, env)).toBe(false);
    const guest = await fetchGuest(GUEST, { env, onProgress: (report) => reports.push(report) });
    expect(guest.directory).toBe(join(folder, 'cache', GUEST));
    expect(firmware()).toBe('first');
    expect(readFileSync(guest.files.package ?? '', 'utf8')).toBe('u-boot-qemu 1.0-1\n');
    expect(guest.packages).toMatchObject([{ name: 'u-boot-qemu', version: '1.0-1', architecture: 'all' }]);
    expect([...new Set(reports.map(({ step }) => step))]).toEqual([
      'update',
      'resolve',
      'download',
      'unpack',
      'verify',
      'done',
    ]);
    expect(reports).toContainEqual({ step: 'update', message: expect.any(String), fraction: 0.5 });
    expect(await isGuestComplete(GUEST, env)).toBe(true);
    expect(await verifyGuest(GUEST, env)).toEqual(guest);
    expect(leftovers()).toEqual([]);
    setFlag('offline');
    expect(await fetchGuest(GUEST, { env })).toEqual(guest);
    expect([calls(' update'), calls(' download ')]).toEqual([1, 1]);
  });

  it('redoes only what is missing, even offline', async () => {
    await fetchGuest(GUEST, { env });
    setFlag('offline');
    appendFileSync(join(guestPath(GUEST, env), 'u-boot.bin'), 'x');
    await expect(verifyGuest(GUEST, env)).rejects.toMatchObject({ code: 'guest-damaged' });
    expect(await isGuestComplete(GUEST, env)).toBe(false);
    await fetchGuest(GUEST, { env });
    expect(firmware()).toBe('first');
    rmSync(guestPath(GUEST, env), { recursive: true });
    await expect(verifyGuest(GUEST, env)).rejects.toMatchObject({ code: 'guest-missing' });
    await fetchGuest(GUEST, { env });
    expect([calls(' update'), calls(' download ')]).toEqual([1, 1]);
  });

  it('downloads a damaged package again', async () => {
    await fetchGuest(GUEST, { env });
    rmSync(guestPath(GUEST, env), { recursive: true });
    appendFileSync(join(folder, 'cache/packages/arm64/u-boot-qemu_1.0-1_all.deb'), 'x');
    await fetchGuest(GUEST, { env });
    expect(calls(' download ')).toBe(2);
  });

  it('moves to a newer version only when asked, and keeps the guest when there is none', async () => {
    await fetchGuest(GUEST, { env });
    publish('1.0-2', 'second');
    await fetchGuest(GUEST, { env });
    expect(firmware()).toBe('first');
    // The user may keep other things in the cache's folder.
    for (const own of ['.tmp-own', 'packages/arm64/own']) mkdirSync(join(folder, 'cache', own));
    writeFileSync(join(folder, 'cache/packages/arm64/notes.deb'), '');
    await fetchGuest(GUEST, { env, update: true });
    expect(firmware()).toBe('second');
    expect(existsSync(join(folder, 'cache/.tmp-own'))).toBe(true);
    expect(readdirSync(join(folder, 'cache/packages/arm64')).sort()).toEqual([
      'notes.deb',
      'own',
      'u-boot-qemu_1.0-2_all.deb',
    ]);
    await fetchGuest(GUEST, { env, update: true });
    expect([calls(' update'), calls(' download ')]).toEqual([3, 2]);
    setFlag('offline');
    await expect(fetchGuest(GUEST, { env, update: true })).rejects.toMatchObject({ code: 'apt-update-failed' });
    expect(firmware()).toBe('second');
  });

  it('gets new lists when the archive no longer has what the old ones name', async () => {
    await fetchGuest(GUEST, { env });
    publish('1.0-2', 'second');
    rmSync(guestPath(GUEST, env), { recursive: true });
    rmSync(join(folder, 'cache/packages'), { recursive: true });
    await fetchGuest(GUEST, { env });
    expect(firmware()).toBe('second');
  });

  it('fetches once when asked twice at the same time', async () => {
    const both = await Promise.all([fetchGuest(GUEST, { env }), fetchGuest(GUEST, { env })]);
    expect(both[0]).toEqual(both[1]);
    expect(calls(' download ')).toBe(1);
    expect(leftovers()).toEqual([]);
  });

  it('removes what killed runs left', async () => {
    mkdirSync(join(folder, 'cache/.qvm-fetch-old'), { recursive: true });
    await fetchGuest(GUEST, { env });
    expect(leftovers()).toEqual([]);
  });

  it('tells apart what went wrong, with the last words of apt', async () => {
    setFlag('offline');
    await expect(fetchGuest(GUEST, { env })).rejects.toMatchObject({
      name: 'GuestFetchError',
      code: 'apt-update-failed',
      detail: expect.stringContaining('mirror.invalid'),
    });
    clearFlag('offline');
    publish('1.0-1', 'first', 'ab'.repeat(32));
    await expect(fetchGuest(GUEST, { env })).rejects.toMatchObject({ code: 'checksum-mismatch' });
    writeFileSync(join(folder, 'fake/lists/Packages'), 'Package: u-boot-qemu\nVersion: $(reboot)\n');
    writeFileSync(join(folder, 'fake/archive/Packages'), 'Package: u-boot-qemu\nVersion: $(reboot)\n');
    await expect(fetchGuest(GUEST, { env })).rejects.toMatchObject({ code: 'package-not-found' });
    await expect(fetchGuest('windows', { env })).rejects.toMatchObject({ code: 'unknown-guest' });
    await expect(fetchGuest('../x', { env })).rejects.toMatchObject({ code: 'unknown-guest' });
    await expect(fetchGuest(GUEST, { env: { ...env, QVM_GUEST_SUITE: '*' } })).rejects.toMatchObject({
      code: 'bad-option',
    });
    const noTools = { ...env, PATH: '/nonexistent' };
    rmSync(join(folder, 'bin'), { recursive: true });
    await expect(fetchGuest(GUEST, { env: noTools })).rejects.toMatchObject({ code: 'tool-missing' });
    expect(existsSync(guestPath(GUEST, env))).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  it('refuses a package without the file it should have', async () => {
    const archive = join(folder, 'fake/archive');
    const deb = makeDeb(['./usr/lib/other', 'x']);
    writeFileSync(join(archive, 'u-boot-qemu_1.0-1_all.deb'), deb);
    const control = readFileSync(join(archive, 'Packages'), 'utf8');
    const fixed = control.replace(/Size: .*/, `Size: ${deb.length}`).replace(/SHA256: .*/, `SHA256: ${sha256(deb)}`);
    writeFileSync(join(archive, 'Packages'), fixed);
    await expect(fetchGuest(GUEST, { env })).rejects.toMatchObject({ code: 'bad-package' });
    expect(leftovers()).toEqual([]);
  });

  it('reports a cache that cannot be written as such', async () => {
    writeFileSync(join(folder, 'file'), '');
    const blocked = { ...env, QVM_GUESTS: join(folder, 'file/cache') };
    await expect(fetchGuest(GUEST, { env: blocked })).rejects.toMatchObject({ code: 'io-failed' });
  });

  it('stops when told to, and can go on later', async () => {
    setFlag('slow');
    const controller = new AbortController();
    const onProgress = ({ step }: FetchProgress): void => {
      if (step === 'download') setTimeout(() => controller.abort(), 50);
    };
    const stopped = fetchGuest(GUEST, { env, signal: controller.signal, onProgress });
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
    expect(leftovers()).toEqual([]);
    clearFlag('slow');
    await fetchGuest(GUEST, { env });
    expect(firmware()).toBe('first');
  });
});
