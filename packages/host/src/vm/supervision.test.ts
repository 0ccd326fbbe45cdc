import { eventually } from '../host.test.helper.js';
import { ConsoleHub } from './console-hub.js';
import { RestartBackOff } from './restart-policy.js';
import { Watchdog } from './watchdog.js';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);

describe('a console hub', () => {
  it('keeps the last 64 KiB for viewers who come later, however they were written', () => {
    const hub = new ConsoleHub();
    let all = '';
    for (let line = 0; line < 20_000; line++) {
      all += `line ${line}\n`;
      hub.write(bytes(`line ${line}\n`));
    }
    let seen = '';
    const viewer = hub.attach((piece) => (seen += text(piece)));
    expect(seen).toBe(all.slice(-0x1_0000));
    viewer.dispose();
    hub.write(bytes('x'.repeat(0x2_0000)));
    expect(seen).toBe(all.slice(-0x1_0000));
    expect(hub.viewers).toBe(0);
    hub.attach((piece) => (seen += text(piece)), false);
    hub.write(bytes('new'));
    expect(seen).toBe(`${all.slice(-0x1_0000)}new`);
  });
});

describe('the back-off of restarts', () => {
  const failure = { exitCode: 7, reason: 'x' };

  it('doubles up to a minute, and begins again after a healthy run', () => {
    const backOff = new RestartBackOff('on-failure');
    const delays = Array.from({ length: 9 }, () => backOff.next(failure, 10));
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    expect(backOff.next(failure, 60_000)).toBe(500);
  });

  it.each([
    ['never', 7, undefined],
    ['on-failure', 0, undefined],
    ['on-failure', 3, undefined],
    ['on-failure', 4, 500],
    ['on-failure', 40, undefined],
    ['on-failure', 64, undefined],
    ['always', 0, 500],
  ] as const)('%s: after exit code %i it waits %p ms', (policy, exitCode, delay) => {
    expect(new RestartBackOff(policy).next({ exitCode, reason: 'x' }, 10)).toBe(delay);
  });
});

describe('a watchdog', () => {
  it('bites once, when too many looks had no answer', async () => {
    let bites = 0;
    let asked = 0;
    const ask = (): Promise<void> => {
      asked++;
      return new Promise(() => undefined);
    };
    await new Promise<void>((resolve) => {
      const bite = (): void => {
        bites++;
        resolve();
      };
      new Watchdog(ask, bite, 5, 3);
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([asked, bites]).toEqual([1, 1]);
  });

  it('has the patience of the time of each check', () => {
    let patience = 100;
    let bites = 0;
    let check: () => void = () => undefined;
    const every = (_period: number, callback: () => void): (() => void) => {
      check = callback;
      return () => undefined;
    };
    new Watchdog(
      () => new Promise(() => undefined),
      () => bites++,
      5,
      () => patience,
      every,
    );
    for (let n = 0; n < 50; n++) check();
    expect(bites).toBe(0);
    patience = 3;
    check();
    expect(bites).toBe(1);
  });

  it('lies still while answers come, errors too', async () => {
    let bites = 0;
    let asked = 0;
    const ask = (): Promise<void> => (asked++ % 2 === 0 ? Promise.resolve() : Promise.reject(new Error('no')));
    const watchdog = new Watchdog(ask, () => bites++, 5, 1);
    await eventually(() => asked >= 6);
    watchdog.stop();
    expect(bites).toBe(0);
  });
});
