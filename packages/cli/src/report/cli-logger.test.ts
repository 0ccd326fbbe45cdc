import { PassThrough } from 'node:stream';
import { CliLogger } from './cli-logger.js';

function logger(quiet = false): { readonly log: CliLogger; readonly text: () => string } {
  const output = new PassThrough();
  let text = '';
  output.on('data', (data) => (text += String(data)));
  return { log: new CliLogger(output, { verbose: false, quiet }), text: () => text };
}

const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('the logger of the command', () => {
  it('prints an error although nothing follows it', async () => {
    const { log, text } = logger();
    log.log('error', 'd.img: no space is left on the device');
    await wait(350);
    expect(text()).toBe('qvm: error: d.img: no space is left on the device\n');
  });

  it('prints what it holds back when the process ends, and listens no longer than it must', () => {
    const before = process.listenerCount('exit');
    const { log, text } = logger();
    log.log('error', 'one');
    log.log('error', 'two');
    expect(process.listenerCount('exit')).toBe(before + 1);
    // As at the end of a process.
    for (const listener of process.listeners('exit').slice(before)) listener(0);
    expect(text()).toBe('qvm: error: one\nqvm: error: two\n');
    expect(process.listenerCount('exit')).toBe(before);
  });

  it('leaves the end of a VM to the line that says more of it', async () => {
    const { log, text } = logger();
    log.log('error', 'The guest faults forever.');
    log.say('error: vm: The guest faults forever: no vector');
    await wait(350);
    expect(text()).toBe('qvm: error: vm: The guest faults forever: no vector\n');
  });

  it('is quiet where the end is told to programs', async () => {
    const { log, text } = logger(true);
    log.log('error', 'one');
    log.greet('hello');
    await wait(350);
    expect(text()).toBe('');
  });
});
