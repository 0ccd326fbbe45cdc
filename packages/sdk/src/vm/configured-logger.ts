import type { LogFilter, LoggerSpec } from '@qvm/config';
import type { Logger, LogLevel } from '@qvm/core';

/** The filters of `logger` that match each severity; there are more filters than severities. */
const WORDS: Readonly<Record<LogLevel, readonly LogFilter[]>> = {
  error: ['fatal', 'internal', 'error'],
  warn: ['warn'],
  info: ['info'],
  debug: ['debug', 'verbose'],
};

/** Writes a line to one of the process's streams. */
export type WriteLine = (stream: 'stdout' | 'stderr', line: string) => void;

/**
 * A VM's logger according to its configuration: each `logger` setting has a set of filters and sends the matching
 * messages to one destination. `slog` is the logger of the host program, as is every destination on a platform without
 * streams.
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
