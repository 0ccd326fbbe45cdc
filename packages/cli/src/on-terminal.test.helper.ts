import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The part of node-pty that tests use. */
interface Terminal {
  onData(listener: (text: string) => void): void;
  onExit(listener: (exit: { readonly exitCode: number }) => void): void;
  write(text: string): void;
}
type Spawn = (file: string, args: readonly string[], options: object) => Terminal;

/** The keys to type, or an action with the output so far that may type keys at any time, after a text was seen. */
export type Answer = readonly [seen: string, act: string | ((output: string, type: (keys: string) => void) => void)];

const { spawn } = createRequire(import.meta.url)('@lydell/node-pty') as { readonly spawn: Spawn };

/** The command `qvm`, for a shell. */
export const QVM = `'${process.execPath}' '${fileURLToPath(new URL('../bin/qvm.mjs', import.meta.url))}'`;

/** Runs a line of a shell on a terminal to its end, with one answer after the other; returns all output. */
export async function onTerminal(
  line: string,
  answers: readonly Answer[],
  { cwd, variables = {} }: { readonly cwd: string; readonly variables?: Readonly<Record<string, string>> },
): Promise<string> {
  // A host of this machine is not the test's.
  const env = { ...process.env, QVM_SOCKET: join(cwd, 'no-host.sock'), ...variables };
  const terminal = spawn('/bin/sh', ['-c', line], { cwd, env, cols: 120, rows: 40 });
  let output = '';
  const left = [...answers];
  terminal.onData((text) => {
    output += text;
    const [seen, act] = left[0] ?? [];
    if (seen === undefined || act === undefined || !output.includes(seen)) return;
    left.shift();
    if (typeof act === 'string') terminal.write(act);
    else act(output, (keys) => terminal.write(keys));
  });
  await new Promise<void>((resolve) => terminal.onExit(() => resolve()));
  return output;
}
