import { fetchGuest, guestCacheDirectory, guestCatalogue, guestPath, isGuestComplete, verifyGuest } from '@qvm/guests';
import { ProgressDisplay } from '../report/progress.js';
import { table } from '../report/table.js';

/** `qvm guest fetch`: progress goes to stderr, the guest's folder to stdout. */
export async function fetch(name: string, update: boolean): Promise<void> {
  const progress = new ProgressDisplay(process.stderr);
  const abort = new AbortController();
  const onSignal = (): void => abort.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    const guest = await fetchGuest(name, { onProgress: progress.report, signal: abort.signal, update });
    progress.end();
    process.stdout.write(`${guest.directory}\n`);
  } finally {
    progress.end();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** `qvm guest list` */
export async function list(json: boolean): Promise<void> {
  const guests = await Promise.all(
    guestCatalogue().map(async ({ name, title, kind, downloadBytes }) => ({
      name,
      title,
      kind,
      downloadBytes,
      fetched: await isGuestComplete(name),
    })),
  );
  const text = json
    ? JSON.stringify(guests, undefined, 2)
    : table(
        guests.map(({ name, title, downloadBytes, fetched }) => [
          name,
          fetched ? 'fetched' : `${Math.round(downloadBytes / 1e6)} MB to fetch`,
          title,
        ]),
      );
  process.stdout.write(`${text}\n`);
}

/** `qvm guest path` */
export function path(name: string | undefined): void {
  process.stdout.write(`${name === undefined ? guestCacheDirectory() : guestPath(name)}\n`);
}

/** `qvm guest verify` */
export async function verify(name: string): Promise<void> {
  const { files, packages } = await verifyGuest(name);
  const rows = Object.entries(files).map(([file, location]) => [file, location]);
  const made = packages.map((item) => `${item.name} ${item.version}`).join(', ');
  process.stdout.write(`${table(rows)}\n${name}: ok (${made})\n`);
}
