import type { Disposable } from '@qvm/core';
import type { VmHandle } from '@qvm/sdk';

/** Time in which a guest must shut down after its power button was pressed. */
const STOP_TIMEOUT_MS = 30_000;

/** Stops the VM; if it is stopping already, cuts the power. */
export function stopOrDestroy(vm: VmHandle): void {
  if (vm.state === 'running' || vm.state === 'paused') void vm.stop(STOP_TIMEOUT_MS);
  else void vm.destroy();
}

/** SIGINT and SIGTERM press the power button, a second one cuts the power; SIGQUIT and SIGHUP cut it at once. */
export function handleSignals(vm: VmHandle): Disposable {
  return onSignals(
    () => stopOrDestroy(vm),
    () => void vm.destroy(),
  );
}

/**
 * Like {@link handleSignals}, for VMs without a state to check: the first SIGINT or SIGTERM stops, the second one cuts
 * the power.
 */
export function onStopSignals(stop: () => void, cut: () => void): Disposable {
  let asked = false;
  const ask = (): void => {
    if (asked) cut();
    else stop();
    asked = true;
  };
  return onSignals(ask, cut);
}

function onSignals(stop: () => void, cut: () => void): Disposable {
  const handlers = { SIGINT: stop, SIGTERM: stop, SIGQUIT: cut, SIGHUP: cut };
  const entries = Object.entries(handlers) as [keyof typeof handlers, () => void][];
  for (const [signal, handler] of entries) process.on(signal, handler);
  return {
    dispose: () => {
      for (const [signal, handler] of entries) process.off(signal, handler);
    },
  };
}
