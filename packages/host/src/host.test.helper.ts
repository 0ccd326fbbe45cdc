import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Writable } from 'node:stream';
import type { VmSpec } from '@qvm/config';
import { HostLog } from './host-log.js';
import type { VmLaunch } from './worker/messages.js';

/** The scripted architecture of the SDK's tests, whose guests are texts. */
const SCRIPTS = fileURLToPath(new URL('../../sdk/dist/script-machine.test.helper.js', import.meta.url));
/** A plugin that disturbs the thread of its VM. */
const TROUBLE = fileURLToPath(new URL('./trouble.test.helper.js', import.meta.url));

/** A folder for a test, with scripted guests. */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'qvm-host-'));

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** A VM whose guest is a script: see the script machine for its commands. */
  launch(name: string, lines: readonly string[], more: Partial<VmLaunch> = {}): VmLaunch {
    const image = this.path(`${name}.img`);
    writeFileSync(image, `script\n${lines.join('\n')}\n`);
    const ram = [{ size: 0x10_0000 }];
    const spec: VmSpec = { name, arch: 'aarch64', image, cpus: 1, ram, vdevs: [], baseDir: this.folder };
    return { spec, plugins: [SCRIPTS, TROUBLE], pluginBase: this.folder, ...more };
  }
}

/** Collects written text. */
export class TextSink extends Writable {
  text = '';

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

/** A log whose output is discarded. */
export function silentLog(): HostLog {
  return new HostLog(new TextSink(), 'text', false);
}

/** Resolves when `check` returns true; rejects if it does not in time. */
export async function eventually(check: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!check()) {
    if (performance.now() > deadline) throw new Error('it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
