import type { LogFilter, LoggerSpec } from '@qvm/config';
import type { Logger, LogLevel } from '@qvm/core';

/** The words of `logger` that stand for each severity: theirs are finer than ours. */
const WORDS: Readonly<Record<LogLevel, readonly LogFilter[]>> = {
  error: ['fatal', 'internal', 'error'],
  warn: ['warn'],
  info: ['info'],
  debug: ['debug', 'verbose'],
};

/** Writes a line to one of the process's streams. */
export type WriteLine = (stream: 'stdout' | 'stderr', line: string) => void;

/**
 * A VM's logger as its configuration wants it: the filters of each `logger` setting are a set, and each setting sends what
 * its set holds to one place. `slog` is the logger of the host program, as is everything on a platform without streams.
 */
export function configuredLogger(
  vm: string,
  settings: readonly LoggerSpec[] | undefined,
  host: Logger,
  write: WriteLine | undefined,
): Logger {
  if (settings === undefined || settings.length === 0) return host;
  return {
    log(level, message) {
      for (const { filters, destination } of settings) {
        if (destination === 'none' || !WORDS[level].some((word) => filters.includes(word))) continue;
        if (destination === 'slog' || write === undefined) host.log(level, message);
        else write(destination, `${vm}: ${level}: ${message}`);
      }
    },
  };
}
