import type { LoggerSpec } from '@qvm/config';
import type { Logger } from '@qvm/core';
import { configuredLogger } from './configured-logger.js';

function logAll(settings: readonly LoggerSpec[] | undefined, streams = true): readonly string[] {
  const said: string[] = [];
  const host: Logger = { log: (level, message) => void said.push(`host ${level} ${message}`) };
  const write = (stream: string, line: string): void => void said.push(`${stream} ${line}`);
  const logger = configuredLogger('vm', settings, host, streams ? write : undefined);
  for (const level of ['error', 'warn', 'info', 'debug'] as const) logger.log(level, 'x');
  return said;
}

describe('configuredLogger', () => {
  it('is the host logger when nothing is set', () => {
    expect(logAll(undefined)).toEqual(['host error x', 'host warn x', 'host info x', 'host debug x']);
  });

  it('takes filters as a set, not as a threshold, and sends each set to its place', () => {
    const settings: LoggerSpec[] = [
      { filters: ['error', 'info'], destination: 'stdout' },
      { filters: ['verbose'], destination: 'stderr' },
      { filters: ['fatal'], destination: 'slog' },
      { filters: ['warn', 'error'], destination: 'none' },
    ];
    expect(logAll(settings)).toEqual([
      'stdout vm: error: x',
      'host error x',
      'stdout vm: info: x',
      'stderr vm: debug: x',
    ]);
  });

  it('uses the host logger where there are no streams', () => {
    expect(logAll([{ filters: ['warn'], destination: 'stderr' }], false)).toEqual(['host warn x']);
  });
});
