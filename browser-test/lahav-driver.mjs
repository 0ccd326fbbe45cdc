/* global page, document, WheelEvent, Event, requestAnimationFrame, fetch */

/**
 * Uses the page of a Lahav Line as people do, and posts what it shows. Runs in the page, as text: it uses nothing outside
 * of itself but `page`.
 */
export async function driveLahav() {
  const drawn = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const rows = () =>
    [...document.querySelectorAll('#totals tr')].map(({ dataset: { key, kind, time, exits } }) => ({
      key,
      kind,
      time: Number(time),
      exits: Number(exits),
    }));
  const filter = async (id, value) => {
    const select = document.getElementById(id);
    select.value = value;
    select.dispatchEvent(new Event('change'));
    await drawn();
    return rows();
  };
  /** Different colours on the first lane: that something is drawn. */
  const colours = () => {
    const canvas = document.querySelector('.lane canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  };
  const result = {};
  try {
    await drawn();
    Object.assign(result, {
      whole: rows(),
      colours: colours(),
      residency: document.getElementById('f-residency').textContent,
    });
    result.mmio = await filter('cause', 'mmio');
    await filter('cause', '');
    const canvas = document.querySelector('.lane canvas');
    const { left, width, top } = canvas.getBoundingClientRect();
    const at = { clientX: left + width / 4, clientY: top + 20, bubbles: true, cancelable: true };
    for (let n = 0; n < 10; n++) canvas.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY: -300 }));
    await drawn();
    Object.assign(result, { from: page.range.from, to: page.range.to, zoomed: rows(), zoomedColours: colours() });
    document.getElementById('reset').click();
    await drawn();
    result.again = rows();
  } catch (error) {
    result.error = String(error?.stack ?? error);
  }
  await fetch('result', { method: 'POST', body: JSON.stringify(result) });
}
