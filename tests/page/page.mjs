// Opens pages of `otinterp report` in Chromium and uses them: node page.mjs BROWSER FOLDER, where the folder has pictures.html, clip.html
// (with cuts) and score.html. Pictures of the pages go to the folder in $SHOTS, if that is set.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [executablePath, folder] = process.argv.slice(2);
const WIDTHS_PX = [360, 1280, 2560];
const args = [
  '--no-sandbox',
  '--headless',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];
const browser = await chromium.launch({ executablePath, args });

// Opens a page and gives it to `use`; then nothing may have been said on the console, and nothing asked for but what is in the file.
async function opened(name, options, use) {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => faults.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('request', (request) => {
    const kind = new URL(request.url()).protocol;
    if (!['file:', 'data:', 'blob:'].includes(kind)) faults.push(`request: ${request.url()}`);
  });
  await page.goto(pathToFileURL(join(folder, name)).href);
  await page.waitForFunction(() => document.getElementById('name').textContent !== '');
  await use(page, context);
  assert.deepEqual(faults, [], name);
  await context.close();
}

// What the canvas shows, once it is drawn: a colour for each of 16 columns, means over the rows.
async function columns(page) {
  await page.evaluate(() => show());
  return page.evaluate(() => {
    const { width, height } = canvas;
    // A copy that is made to be read: Chromium warns of reading others.
    const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const codes = copy.getImageData(0, 0, width, height).data;
    return Array.from({ length: 16 }, (_, column) => {
      let sum = 0;
      let count = 0;
      for (let y = 0; y < height; y++) {
        for (let x = Math.ceil((column * width) / 16); x < ((column + 1) * width) / 16; x++) {
          sum += (y % 7) * codes[4 * (y * width + x)] + codes[4 * (y * width + x) + 1];
          count += 1;
        }
      }
      return sum / count;
    });
  });
}

const differ = (one, two) => one.map((value, index) => Math.abs(value - two[index]) > 0.2);
const name = (page) => page.locator('#name').textContent();

async function divider(page) {
  // An in-between on all pages, and two ways that differ.
  await page.locator('#left').selectOption({ label: 'cross-fade' });
  await page.locator('#frame').fill('3');
  const slider = page.getByRole('slider', { name: 'Divider' });
  assert.equal(await slider.getAttribute('aria-valuenow'), '50');
  const half = await columns(page);
  const box = await page.locator('#stage').boundingBox();
  const at = (share) => [box.x + share * box.width, box.y + box.height / 2];
  // By mouse, to the right: what was right of the divider becomes the left picture, and no more than that.
  await page.mouse.move(...at(0.5));
  await page.mouse.down();
  await page.mouse.move(...at(0.7), { steps: 4 });
  await page.mouse.move(...at(0.9), { steps: 4 });
  await page.mouse.up();
  assert.equal(await slider.getAttribute('aria-valuenow'), '90');
  const dragged = await columns(page);
  const changed = differ(half, dragged);
  assert(changed.slice(8, 14).some(Boolean), 'dragging changes nothing');
  assert(!changed.slice(0, 8).some(Boolean) && !changed[15], `dragging changes what it should not: ${changed}`);
  // The mouse is let go: nothing follows it.
  await page.mouse.move(...at(0.2));
  assert.equal(await slider.getAttribute('aria-valuenow'), '90');
  // By keys.
  await slider.focus();
  for (const [key, value] of [
    ['ArrowLeft', '89'],
    ['ArrowRight', '90'],
    ['Shift+ArrowLeft', '80'],
    ['PageDown', '70'],
    ['Home', '0'],
    ['ArrowLeft', '0'],
    ['End', '100'],
    ['ArrowRight', '100'],
  ]) {
    await page.keyboard.press(key);
    assert.equal(await slider.getAttribute('aria-valuenow'), value, key);
  }
  const [left] = await page.locator('#left option:checked').allTextContents();
  assert.equal(await slider.getAttribute('aria-valuetext'), `100 % ${left}`);
  const allLeft = await columns(page);
  await page.keyboard.press('Home');
  const allRight = await columns(page);
  assert(differ(allLeft, allRight).some(Boolean), 'both ways look alike');
  // The same way on both sides: nothing differs wherever the divider is.
  await page.locator('#left').selectOption(await page.locator('#right').inputValue());
  assert.deepEqual(await columns(page), allRight);
  await page.keyboard.press('End');
  await page.locator('#left').selectOption({ label: left });
}

async function player(page) {
  const opened = await page.evaluate(() => data.frames[state.frame].pictures);
  const sides = await page.evaluate(() => [data.left, data.right]);
  assert.notEqual(opened[sides[0]], opened[sides[1]], 'it opens where both sides are equal');
  const count = await page.evaluate(() => data.frames.length);
  await page.locator('#frame').fill('0');
  assert.match(await name(page), new RegExp(`^Frame 1 of ${count}: `));
  await page.getByRole('button', { name: 'Next frame' }).click();
  assert.match(await name(page), /^Frame 2 of/);
  await page.getByRole('button', { name: 'Previous frame' }).click();
  await page.getByRole('button', { name: 'Previous frame' }).click();
  assert.match(await name(page), new RegExp(`^Frame ${count} of`));
  await page.keyboard.press('.');
  assert.match(await name(page), /^Frame 1 of/);
  await page.keyboard.press('.');
  await page.keyboard.press('.');
  await page.keyboard.press(',');
  assert.match(await name(page), /^Frame 2 of/);
  assert.equal(await page.locator('#frame').inputValue(), '1');
  // It plays through all frames and begins anew; how fast is the machine's affair.
  const button = page.locator('#play');
  const seen = await page.evaluate(async () => {
    const frames = new Set();
    document.addEventListener('frame', (event) => frames.add(event.detail));
    document.getElementById('play').click();
    const until = performance.now() + 20000;
    while (frames.size < data.frames.length && performance.now() < until) await new Promise((wake) => setTimeout(wake, 20));
    return frames.size;
  });
  assert.equal(seen, count, 'frames that were played');
  assert.equal(await button.getAttribute('aria-pressed'), 'true');
  await button.click();
  assert.equal(await button.getAttribute('aria-pressed'), 'false');
  const stopped = await name(page);
  await page.waitForTimeout(400);
  assert.equal(await name(page), stopped);
  // Space plays where nothing has the focus that it presses.
  await page.locator('#divider').focus();
  const scrolled = await page.evaluate(() => scrollY);
  await page.keyboard.press('Space');
  assert.equal(await button.getAttribute('aria-pressed'), 'true');
  await page.keyboard.press('Space');
  assert.equal(await button.getAttribute('aria-pressed'), 'false');
  assert.equal(await page.evaluate(() => scrollY), scrolled, 'Space scrolls');
}

async function overlays(page) {
  await page.locator('#frame').fill('3');
  const plain = await columns(page);
  await page.getByRole('radio', { name: 'difference' }).check();
  const dark = await columns(page);
  assert(dark.every((value, column) => value < plain[column]), 'a difference is dark');
  assert(dark.some((value) => value > 0.5), 'there is a difference');
  assert.equal(await page.locator('#divider').isVisible(), false);
  assert.match(await page.locator('#picture').getAttribute('aria-label'), /difference of/);
  // A way differs from itself nowhere.
  const right = await page.locator('#right').inputValue();
  const left = await page.locator('#left').inputValue();
  await page.locator('#left').selectOption(right);
  assert((await columns(page)).every((value) => value === 0));
  await page.locator('#left').selectOption(left);
  const visibility = page.getByRole('radio', { name: 'visibility' });
  if (await visibility.count()) {
    await visibility.check();
    assert(await page.locator('#legend').isVisible());
    const marked = await columns(page);
    assert(differ(plain, marked).some(Boolean), 'the overlay is not seen');
  }
  await page.getByRole('radio', { name: 'none' }).check();
  assert.deepEqual(await columns(page), plain);
}

async function charts(page) {
  const plots = page.locator('.plot svg');
  assert.equal(await plots.count(), 3);
  const box = await plots.first().boundingBox();
  // Within the chart's margins, the middle of three or more frames is a quarter in at most.
  const count = await page.evaluate(() => data.frames.length);
  await plots.first().scrollIntoViewIfNeeded();
  const near = await plots.first().boundingBox();
  await page.mouse.click(near.x + near.width - 14, near.y + near.height / 2);
  assert.match(await name(page), new RegExp(`^Frame ${count} of`));
  await page.mouse.click(near.x + 50, near.y + near.height / 2);
  assert.match(await name(page), /^Frame 1 of/);
  assert(box.width <= page.viewportSize().width);
  // The line of the frame goes with it.
  const now = () => page.locator('.plot .now').first().getAttribute('x1');
  const before = await now();
  await page.keyboard.press('.');
  assert.notEqual(await now(), before);
  assert.match(await plots.first().getAttribute('aria-label'), /^PSNR by frame; means: optimal transport \d/);
  // The table says the same, and goes to the frame by keys.
  await page.locator('summary').click();
  const button = page.locator('tbody button').nth(2);
  await button.focus();
  await page.keyboard.press('Enter');
  assert.match(await name(page), /^Frame 3 of/);
  const [cell] = await page.locator('tbody tr').nth(2).locator('td').allTextContents();
  const value = await page.evaluate(() => data.measures[0].series[0].values[2]);
  assert.equal(cell, value.toFixed(2));
}

async function cuts(page) {
  const save = async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the list of cuts' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'clip.cuts.txt');
    return readFileSync(await download.path(), 'utf8').split('\n');
  };
  const all = await page.evaluate(() => data.cuts.frames);
  assert(all.length > 0);
  const [head, ...lines] = await save();
  assert.match(head, /^# .*clip\.y4m/);
  assert.deepEqual(lines, [...all.map(String), '']);
  const button = page.getByRole('button', { name: `The cut at frame ${all[0]} is not a cut` });
  await button.click();
  assert.equal(await button.getAttribute('aria-pressed'), 'true');
  assert.equal(await page.locator('#kept').textContent(), `${all.length - 1} of ${all.length} cuts are kept`);
  assert.deepEqual((await save()).slice(1), [...all.slice(1).map(String), '']);
  await button.focus();
  await page.keyboard.press('Enter');
  assert.equal(await button.getAttribute('aria-pressed'), 'false');
  assert.deepEqual((await save()).slice(1), lines);
  for (const image of await page.locator('.cuts img').all()) {
    assert(await image.evaluate((element) => element.complete && element.naturalWidth > 0));
    assert.notEqual(await image.getAttribute('alt'), '');
  }
}

// All that can be used has a name, is reached by Tab in the order in which it stands, and shows that it has the focus.
async function keyboard(page) {
  const wanted = await page.locator('button:visible, select:visible, input:visible, summary:visible, [tabindex="0"]:visible').count();
  const radios = await page.locator('input[type=radio]').count();
  await page.evaluate(() => {
    // Tab goes on from there.
    const heading = document.querySelector('h1');
    heading.tabIndex = -1;
    heading.focus();
  });
  let reached = 0;
  for (let presses = 0; presses < wanted + 2; presses++) {
    await page.keyboard.press('Tab');
    const state = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === document.body) return null;
      const label = element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return { label: label.trim(), outline: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2, tag: element.outerHTML.slice(0, 60) };
    });
    if (state === null) break;
    assert.notEqual(state.label, '', state.tag);
    assert(state.outline, `no focus is seen: ${state.tag}`);
    reached += 1;
  }
  // Of radio buttons Tab reaches one.
  assert.equal(reached, wanted - radios + 1);
}

// The relative luminance of two colours, as WCAG 2.2 has their contrast.
async function contrast(page) {
  return page.evaluate(() => {
    const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
    const luminance = (colour) => {
      const [r, g, b] = parse(colour).slice(0, 3).map((code) => {
        const share = code / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if ((parse(colour)[3] ?? 1) === 1) return colour;
      }
      return 'rgb(255, 255, 255)';
    };
    const texts = document.querySelectorAll('h1, h2, p, label, legend, button, select, output, summary, dt, dd, code, th, td, figcaption, .key');
    const seen = Array.from(texts).filter((element) => element.checkVisibility() && element.textContent.trim() !== '');
    const ratios = seen.map((element) => {
      const [one, two] = [getComputedStyle(element).color, ground(element)].map(luminance);
      return [(Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05), element.outerHTML.slice(0, 80)];
    });
    ratios.sort((a, b) => a[0] - b[0]);
    return { least: ratios[0], paper: luminance(getComputedStyle(document.body).backgroundColor) };
  });
}

for (const width of WIDTHS_PX) {
  for (const colorScheme of ['light', 'dark']) {
    for (const file of ['pictures', 'clip', 'score']) {
      await opened(`${file}.html`, { viewport: { width, height: 800 }, colorScheme }, async (page) => {
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert(beyond <= 0, `${file} is ${beyond} px wider than ${width}`);
        const { least, paper } = await contrast(page);
        assert(least[0] >= 4.5, `${file}, ${colorScheme}: contrast ${least[0]} of ${least[1]}`);
        assert.equal(paper > 0.5, colorScheme === 'light');
        await divider(page);
        await player(page);
        await overlays(page);
        if (file === 'score') await charts(page);
        if (file === 'clip') await cuts(page);
        await keyboard(page);
        const shots = process.env.SHOTS;
        if (shots) await page.screenshot({ path: join(shots, `${file}-${width}-${colorScheme}.png`), fullPage: true });
      });
    }
  }
}

// By a finger, which may still scroll the page up and down.
await opened('pictures.html', { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }, async (page, context) => {
  const box = await page.locator('#stage').boundingBox();
  const at = (share) => ({ x: box.x + share * box.width, y: box.y + box.height / 2 });
  const client = await context.newCDPSession(page);
  const touch = (type, share) => client.send('Input.dispatchTouchEvent', { type, touchPoints: share === undefined ? [] : [at(share)] });
  await touch('touchStart', 0.5);
  for (const share of [0.4, 0.3, 0.25]) await touch('touchMove', share);
  await touch('touchEnd');
  const value = Number(await page.locator('#divider').getAttribute('aria-valuenow'));
  assert(Math.abs(value - 25) <= 2, `${value}`);
  assert.equal(await page.locator('#stage').evaluate((stage) => getComputedStyle(stage).touchAction), 'pan-y');
});

// The policy holds: what a script asks for from elsewhere is refused.
{
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(pathToFileURL(join(folder, 'pictures.html')).href);
  const refused = await page.evaluate(
    () =>
      new Promise((tell) => {
        document.addEventListener('securitypolicyviolation', (event) => tell(event.violatedDirective));
        const image = new Image();
        image.src = 'file:///picture.png';
        setTimeout(() => tell('nothing'), 2000);
      })
  );
  assert.equal(refused, 'img-src');
  await context.close();
}

await browser.close();
console.log('pages: all well');
