import type { ControlClient } from '@qvm/host';

/** How long a host may take to answer, in ms: the user has just pressed a key. */
const HOST_PATIENCE_MS = 1000;

/** Asks the host that answers, if there is one; `undefined` when it is late, or refuses. */
export async function withHostFor<T>(
  socket: string | undefined,
  ask: (host: ControlClient) => Promise<T>,
): Promise<T | undefined> {
  const { findHost } = await import('../host/connect.js');
  const host = await findHost(socket === undefined ? {} : { socket }).catch(() => undefined);
  if (host === undefined) return undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), HOST_PATIENCE_MS);
    });
    return await Promise.race([ask(host), late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    host.close();
  }
}
