// What a visitor does, in a browser.

import AxeBuilder from '@axe-core/playwright';
import { expect, test } from './site.js';

const configuration = (page) => page.getByRole('textbox', { name: 'Configuration' });
const verdict = (page) => page.locator('#verdict');
const plan = (page) => page.locator('#plan li');
const deployment = (page, id) => page.locator(`fieldset[data-deployment="${id}"]`);

async function example(page, title) {
  await page.getByLabel('Example').selectOption({ label: title });
  await expect(page.locator('#check')).toContainText('Valid');
}

/** Sends the thousand requests; what the table counts. */
async function counts(page) {
  await page.getByRole('button', { name: 'Send 1,000 requests' }).click();
  await page.getByText('As a table').click();
  const rows = page.locator('#spread-table tbody tr');
  const cells = await rows.evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  return new Map(cells.map(([name, count]) => [name, Number(count.replaceAll(',', ''))]));
}

const sum = (counted) => [...counted.values()].reduce((a, b) => a + b, 0);

test('an error is shown at its line as it is typed, and gone when it is mended', async ({ playground: page }) => {
  const area = configuration(page);
  const text = await area.inputValue();
  const at = text.indexOf('"weighted"');
  const line = text.slice(0, at).split('\n').length;
  await area.evaluate((element, start) => {
    element.focus();
    element.setSelectionRange(start + 1, start + 9);
  }, at);
  await page.keyboard.type('wieghted');
  await expect(page.locator('#check')).toHaveText('1 problem');
  await expect(area).toHaveAttribute('aria-invalid', 'true');
  const problem = page.locator('#problem-list button');
  await expect(problem).toContainText(`Line ${line}:`);
  await expect(problem).toContainText('did you mean "weighted"');
  await expect(page.locator('.numbers .bad')).toHaveText(String(line));
  await expect(page.locator('.marks .bad')).toHaveText('"wieghted"');
  await expect(verdict(page)).toContainText('No decision');

  await problem.click();
  await expect(area).toBeFocused();
  const selected = await area.evaluate((element) => element.value.slice(element.selectionStart, element.selectionEnd));
  expect(selected).toBe('"wieghted"');

  await area.fill(text);
  await expect(page.locator('#check')).toContainText('Valid');
  await expect(page.locator('.numbers .bad')).toHaveCount(0);
  await expect(verdict(page)).toContainText('Goes to');
});

test('a document in YAML is checked, decided and marked by its lines', async ({ playground: page }) => {
  const area = configuration(page);
  const yaml = '# mine\nproviders:\n  p: {cluster: c}\ndeployments:\n  d: {provider: p, model: m}\nmodels:\n  auto: {candidates: [d]}\n';
  await area.fill(yaml);
  await expect(page.locator('#check')).toContainText('Valid: 1 provider');
  await page.getByRole('textbox', { name: 'Body' }).fill('{"model": "auto"}');
  await expect(plan(page)).toContainText(['d']);
  await area.fill(yaml.replace('[d]', '[q]'));
  await expect(page.locator('#problem-list button')).toContainText('Line 7:3');
  await expect(page.locator('.marks .bad')).toHaveText('auto: {candidates: [q]}');
  await area.fill(yaml.replace('  auto', '\tauto'));
  await expect(page.locator('#problem-list button')).toContainText('a tab indents this line');
});

test('broken syntax is shown where it breaks', async ({ playground: page }) => {
  await configuration(page).fill('{\n  "providers": {},\n  "models": nope\n}');
  await expect(page.locator('#problem-list button')).toHaveCount(1);
  await expect(page.locator('#problem-list button')).toContainText('Line 3:');
  await expect(page.locator('.numbers .bad')).toHaveText('3');
});

test('each sample gets a decision, and says its format', async ({ playground: page }) => {
  const titles = await page.locator('#sample option:not([hidden])').allTextContents();
  expect(titles.length).toBeGreaterThanOrEqual(12);
  const formats = new Set();
  for (const title of titles) {
    await page.getByLabel('Sample').selectOption({ label: title });
    await expect(verdict(page), title).toContainText('Goes to');
    await expect(page.locator('#plan li.first'), title).toHaveCount(1);
    formats.add(await page.locator('#facts dt:text-is("format") + dd').textContent());
  }
  expect(formats.size).toBe(9);
});

test('every example is valid, and decides its request', async ({ playground: page }) => {
  for (const title of await page.locator('#example option:not([hidden])').allTextContents()) {
    await example(page, title);
    await expect(verdict(page), title).toContainText('Goes to');
  }
});

test('a request of one\'s own is decided as it is typed', async ({ playground: page }) => {
  await example(page, 'A bit of everything');
  await page.getByRole('textbox', { name: 'Body' }).fill('{"model": "gpt-4o", "messages": [{"role": "user", "content": "internal only!"}]}');
  await expect(page.locator('#routes tr', { hasText: 'confidential' })).toContainText('matches');
  await expect(verdict(page)).toContainText('Goes to llama');
  await page.getByRole('textbox', { name: 'Body' }).fill('{"model": "nobody"}');
  await expect(verdict(page)).toContainText('refused · 404');
  await expect(page.locator('#response')).toContainText('HTTP/1.1 404 Not Found');
  await expect(page.locator('#response')).toContainText('model_not_found');
  await page.getByLabel('Path', { exact: true }).fill('/about');
  await expect(verdict(page)).toContainText('Sent on untouched, to website');
  await page.getByLabel('Headers').fill('no header');
  await expect(verdict(page)).toContainText('header line 1');
});

test('a deployment that cools or is drained leaves the plan', async ({ playground: page }) => {
  await example(page, 'Failover');
  await expect(plan(page)).toHaveText(['claude', 'claude-bedrock', 'llama']);
  await deployment(page, 'claude').getByLabel('Cooling').check();
  await expect(plan(page)).toHaveText(['claude-bedrock', 'llama']);
  await expect(page.locator('#candidates tr', { hasText: 'claude' }).first()).toContainText('cooling');
  await deployment(page, 'claude-bedrock').getByLabel('Drained').check();
  await expect(plan(page)).toHaveText(['llama']);
  await deployment(page, 'llama').getByLabel('Cooling').check();
  await expect(plan(page)).toHaveCount(0);
  await expect(page.locator('#response')).toContainText('503 Service Unavailable');
  await page.getByRole('button', { name: 'All healthy' }).click();
  await expect(plan(page)).toHaveCount(3);
});

test('a thousand requests follow the weights', async ({ playground: page }) => {
  await example(page, 'Canary: one in ten');
  const counted = await counts(page);
  expect(sum(counted)).toBe(1000);
  // Four standard deviations around 900.
  expect(counted.get('proven')).toBeGreaterThanOrEqual(862);
  expect(counted.get('proven')).toBeLessThanOrEqual(938);
  await expect(page.getByRole('img', { name: /^1,000 requests: proven/ })).toBeVisible();
  const bars = page.locator('.chart .bar-good');
  const width = async (at) => (await bars.nth(at).boundingBox()).width;
  await expect(async () => {
    const share = (await width(0)) / ((await width(0)) + (await width(1)));
    expect(Math.abs(share - counted.get('proven') / 1000)).toBeLessThan(0.01);
  }).toPass();

  await deployment(page, 'proven').getByLabel('Drained').check();
  await expect(page.locator('.chart')).toHaveCount(0);
  expect(await counts(page)).toEqual(new Map([['newcomer', 1000]]));
});

test('a session stays together, and new ones spread', async ({ playground: page }) => {
  await example(page, 'Sessions stay together');
  const together = await counts(page);
  expect([...together.values()]).toEqual([1000]);
  await page.getByLabel('Each of a new session').check();
  const spread = await counts(page);
  expect(sum(spread)).toBe(1000);
  expect(spread.size).toBe(3);
});

test('all of it works by keyboard', async ({ playground: page }) => {
  /** Tabs until that is focused; the way there is part of what is tested. */
  const reach = async (locator) => {
    for (let steps = 0; steps < 40; steps += 1) {
      if (await locator.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`not reached: ${locator}`);
  };
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the result' })).toBeFocused();
  await reach(page.getByLabel('Example'));
  await page.keyboard.press('F');
  await expect(plan(page)).toHaveText(['claude', 'claude-bedrock', 'llama']);
  // Tab leaves the editor, as it leaves every field.
  await reach(configuration(page));
  await page.keyboard.press('Tab');
  await expect(configuration(page)).not.toBeFocused();
  await reach(deployment(page, 'claude').getByLabel('Healthy'));
  await page.keyboard.press('ArrowRight');
  await expect(plan(page)).toHaveText(['claude-bedrock', 'llama']);
  await expect(deployment(page, 'claude').getByLabel('Cooling')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(deployment(page, 'claude').getByLabel('Drained')).toBeFocused();
  await reach(page.getByRole('button', { name: 'Send 1,000 requests' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('img', { name: /claude-bedrock 100/ })).toBeVisible();
  await reach(page.getByText('As a table'));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('cell', { name: '1,000' }).first()).toBeVisible();
});

test('what is decided is announced', async ({ playground: page }) => {
  for (const id of ['check', 'verdict', 'spread', 'note', 'translation', 'answer-note', 'failover-note', 'searched-note']) {
    await expect(page.locator(`#${id}`)).toHaveRole('status');
  }
});

test('a link brings all of it back, without credentials', async ({ playground: page, context, site }) => {
  await example(page, 'Failover');
  await deployment(page, 'claude').getByLabel('Drained').check();
  await page.getByLabel('Headers').fill('x-api-key: secret\nAuthorization: Bearer secret\nx-llm-tag: a');
  await expect(page.locator('#facts')).toContainText('a');
  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(page.locator('#note')).toContainText('Credentials are not in it');
  const url = page.url();
  expect(url.startsWith(`${site}#`)).toBe(true);

  const other = await context.newPage();
  await other.goto(url);
  await expect(plan(other)).toHaveText(['claude-bedrock', 'llama']);
  await expect(deployment(other, 'claude').getByLabel('Drained')).toBeChecked();
  await expect(other.getByLabel('Headers')).toHaveValue('x-llm-tag: a');
  expect(await configuration(other).inputValue()).toBe(await configuration(page).inputValue());
  await other.goto(`${site}#nonsense`);
  await other.reload();
  await expect(verdict(other)).toContainText('Goes to');
});

test('the theme is chosen, and kept', async ({ playground: page }) => {
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await colour();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await colour();
  expect(dark).not.toBe(light);
  await page.getByRole('button', { name: 'Theme: Auto' }).click();
  expect(await colour()).toBe(light);
  await page.reload();
  expect(await colour()).toBe(light);
  await page.getByRole('button', { name: 'Theme: Light' }).click();
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await colour()).toBe(dark);
});

test('the request is translated for a provider of another API', async ({ playground: page }) => {
  const told = page.locator('#translation');
  const provider = page.getByLabel('The provider speaks');
  const translated = async () => JSON.parse(await page.getByRole('region', { name: 'The request that the provider gets' }).textContent());
  await page.getByRole('textbox', { name: 'Path' }).fill('/v1/chat/completions');
  await page.getByLabel('Headers').fill('');
  const body = page.getByRole('textbox', { name: 'Body' });
  await body.fill('{"model": "auto", "messages": [{"role": "user", "content": "Hi"}]}');
  await expect(provider).toHaveValue('anthropic-messages');
  await expect(told).toContainText('Nothing is lost');
  expect(await translated()).toMatchObject({ model: 'claude-sonnet-4-6', max_tokens: 4096, messages: [{ role: 'user' }] });
  await provider.selectOption('gemini-generate');
  await expect(page.getByLabel('Model as the provider')).toHaveValue('gemini-2.5-flash');
  // The page waits a moment after the last key.
  await expect.poll(async () => (await translated()).contents).toEqual([{ role: 'user', parts: [{ text: 'Hi' }] }]);

  await body.fill('{"model": "auto", "logit_bias": {"1": 1}, "messages": [{"role": "user", "content": "Hi"}]}');
  await expect(told).toContainText('1 dropped');
  await expect(page.locator('#losses tbody tr')).toHaveText('logit_biasdroppedhas no counterpart');
  await body.fill('{"model": "auto", "n": 2, "messages": [{"role": "user", "content": "Hi"}]}');
  await expect(told).toContainText('cannot serve the request');
  await expect(page.locator('#translated')).toBeHidden();
  await provider.selectOption('openai-chat');
  await expect(told).toContainText('the client and the provider use the same API');
  await expect(page.locator('#losses')).toBeEmpty();
});

test('an answer is translated back', async ({ playground: page }) => {
  await page.getByRole('textbox', { name: 'Path' }).fill('/v1/chat/completions');
  await page.getByRole('textbox', { name: 'Body' }).fill('{"model": "auto", "messages": [{"role": "user", "content": "Hi"}]}');
  await page.getByText('Translate an answer back').click();
  const note = page.locator('#answer-note');
  await expect(note).toHaveText('Paste what the provider has sent.');
  const pasted = page.getByLabel('What the provider has sent');
  const answered = page.getByRole('region', { name: 'The answer that the client gets' });
  await pasted.fill('{"content": [{"type": "text", "text": "Hello"}], "stop_reason": "max_tokens", "usage": {"input_tokens": 3, "output_tokens": 4}}');
  await expect(note).toHaveText('The client gets:');
  const whole = JSON.parse(await answered.textContent());
  expect(whole.choices[0]).toMatchObject({ message: { content: 'Hello' }, finish_reason: 'length' });
  expect(whole.usage.total_tokens).toBe(7);
  await page.getByLabel('Status').fill('529');
  await pasted.fill('{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}');
  await expect(answered).toContainText('"message": "Overloaded"');
  await page.locator('#answer-kind').selectOption('stream');
  await pasted.fill('event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n');
  await expect(answered).toContainText('"delta":{"content":"Hello"}');
  await expect(answered).toContainText('data: [DONE]');
  await page.getByLabel('The provider speaks').selectOption('bedrock-converse');
  await expect(note).toContainText('cannot be pasted');
});

test('a link brings the provider of the translation back', async ({ playground: page, context }) => {
  await page.getByLabel('The provider speaks').selectOption('bedrock-converse');
  await page.getByLabel('Model as the provider').fill('amazon.nova-pro-v1:0');
  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(page.locator('#note')).toContainText('Credentials are not in it');
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(other.getByLabel('The provider speaks')).toHaveValue('bedrock-converse');
  await expect(other.getByLabel('Model as the provider')).toHaveValue('amazon.nova-pro-v1:0');
});

/* Failover */

const attempts = (page) => page.locator('#attempts > li');
const conduct = (page, id) => page.locator(`#conducts select[data-deployment="${id}"]`);
const held = (page, id) => page.locator('#held tbody tr', { hasText: id }).first();

test('a refused attempt is followed by another, and the refusal is held against the deployment', async ({ playground: page }) => {
  await example(page, 'Failover');
  await expect(attempts(page)).toHaveCount(2);
  await expect(attempts(page).first()).toContainText('claude answers 429');
  await expect(attempts(page).first()).toContainText('starts a cooldown');
  await expect(attempts(page).first()).toContainText('Next: claude-bedrock.');
  await expect(attempts(page).last()).toContainText('the client gets this answer');
  await expect(page.locator('#client')).toContainText('x-llm-attempts: claude=429,claude-bedrock=200');
  await expect(held(page, 'claude')).toContainText('cooling for 19.9 s, because of 429');
  await expect(held(page, 'claude-bedrock')).toContainText('healthy');
  await attempts(page).first().getByText('What it sends').click();
  await expect(page.getByRole('region', { name: 'What claude sends' })).toContainText('retry-after: 20');

  await page.getByRole('button', { name: 'Let them cool for the next request' }).click();
  await expect(plan(page)).toHaveText(['claude-bedrock', 'llama']);
  await expect(deployment(page, 'claude').getByLabel('Cooling')).toBeChecked();
});

test('each thing that a provider can do has its own course', async ({ playground: page }) => {
  await example(page, 'Failover');
  const note = page.locator('#failover-note');
  const choose = async (id, title) => conduct(page, id).selectOption({ label: title });
  await choose('claude', 'Answers');
  await expect(note).toContainText('The client gets the answer of claude');
  await expect(attempts(page)).toHaveCount(1);
  for (const [title, outcome] of [
    ['503, overloaded', 'server'], ['Loses the connection', 'network'], ['200, then an error before any content', 'server'],
    ['200, an answer without content', 'empty'], ['No first token in time', 'network'],
  ]) {
    await choose('claude', title);
    await expect(attempts(page), title).toHaveCount(2);
    await expect(attempts(page).first().locator('.chip'), title).toHaveText(outcome);
    await expect(note, title).toContainText('The client gets the answer of claude-bedrock');
  }
  await choose('claude', '200, then an error after the first content');
  await expect(attempts(page)).toHaveCount(1);
  await expect(note).toContainText('the answer breaks off');
  await expect(attempts(page)).toContainText('No other is tried');
  for (const id of ['claude', 'claude-bedrock', 'llama']) await choose(id, '503, overloaded');
  await expect(attempts(page)).toHaveCount(3);
  await expect(attempts(page).last()).toContainText('this was the last of 3 attempts');
  await expect(held(page, 'llama')).toContainText('taken back');
  await page.getByRole('button', { name: 'All answer' }).click();
  await expect(attempts(page)).toHaveCount(1);
});

test('without failover the client gets the first answer', async ({ playground: page }) => {
  await example(page, 'Canary: one in ten');
  await expect(page.locator('#failover-note')).toContainText('Failover is off');
  await expect(attempts(page)).toHaveCount(1);
  await expect(page.locator('#client')).toContainText('HTTP/1.1 429 Too Many Requests');
});

test('a link brings back what the providers do', async ({ playground: page, context }) => {
  await example(page, 'Failover');
  await conduct(page, 'claude').selectOption({ label: 'Loses the connection' });
  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(page.locator('#note')).not.toBeEmpty();
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(conduct(other, 'claude')).toHaveValue('lost');
  await expect(attempts(other).first()).toContainText('sends no answer');
});

/* The searched text */

test('the texts of a request say where keywords were found, and what was not searched', async ({ playground: page }) => {
  await example(page, 'Confidential stays local');
  const text = (place) => page.locator('#texts li', { has: page.locator(`code:text-is("${place}")`) });
  await expect(page.locator('#searched-note')).toContainText('found in 1 text');
  await expect(text('messages[0].content').locator('mark')).toHaveText(['confidential', 'salary']);
  await expect(text('messages[0].content')).toContainText('of stays-here');
  await expect(text('model')).toContainText('not searched');

  const body = page.getByRole('textbox', { name: 'Body' });
  await body.fill(JSON.stringify({ model: 'm', messages: [
    { role: 'assistant', content: 'The salary is confidential.' },
    { role: 'user', content: [{ type: 'text', text: 'What is this?' }, { type: 'image_url', image_url: { url: 'https://x.test/salary.png' } }] },
  ] }));
  await expect(text('messages[0].content')).toContainText('An assistant has said it, and search.assistant is false.');
  await expect(page.locator('#texts mark')).toHaveCount(0);
  await expect(text('messages[1].content[1].image_url.url')).toContainText('It is an image.');
  const hidden = page.locator('#hidden tbody tr');
  await expect(hidden).toHaveCount(1);
  await expect(hidden).toContainText('messages[1].content[1]');
  await expect(hidden).toContainText('No route lists "images" in unsearchable');
  await configuration(page).fill((await configuration(page).inputValue()).replace('"bookkeeping"]', '"bookkeeping"], "unsearchable": ["images"]'));
  await expect(hidden).toContainText('It counts as a match for route stays-here.');
  await expect(verdict(page)).toContainText('Goes to inside');
  await body.fill('{"model"');
  await expect(page.locator('#searched-note')).toContainText('Nothing is searched');
});

/* The page */

test('the reasons are on the first screen', async ({ playground: page }) => {
  const { y, height } = await page.locator('#routes table').boundingBox();
  expect(y + height).toBeLessThanOrEqual(900);
});

test('the example about confidential requests opens with one that stays local', async ({ playground: page }) => {
  await example(page, 'Confidential stays local');
  await expect(verdict(page)).toContainText('Goes to inside');
  await expect(page.locator('#routes tr', { hasText: 'stays-here' })).toContainText('matchesall its conditions hold');
});

test('the page says that the prompt is in the link, before it is copied and after', async ({ playground: page }) => {
  const button = page.getByRole('button', { name: 'Copy link with prompt' });
  await expect(button).toHaveAttribute('title', /the request, with its prompt/);
  await button.click();
  await expect(page.locator('#note')).toContainText('The configuration and the request are in it, with the prompt.');
});

test('the links lead to pages, and the version is shown', async ({ playground: page, site, request }) => {
  await expect(page.locator('#version')).toHaveText(/^Pointsman \d+\.\d+\.\d+$/);
  const links = await page.locator('a[href^="pages/"]').evaluateAll((all) => all.map((one) => one.getAttribute('href')));
  expect(links).toContain('pages/README.md');
  expect(links.length).toBeGreaterThan(10);
  for (const link of new Set(links)) {
    const [path, anchor] = link.split('#');
    const answer = await request.get(site + path);
    expect(answer.ok(), link).toBe(true);
    const headings = (await answer.text()).match(/^#+ .*$/gm).map((line) => line.replace(/^#+ /, '').toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-'));
    if (anchor) expect(headings, link).toContain(anchor);
  }
});

for (const [name, viewport] of [['wide', { width: 1440, height: 900 }], ['phone', { width: 360, height: 780 }]]) {
  test(`what is touched is large enough: ${name}`, async ({ playground: page }) => {
    await page.setViewportSize(viewport);
    await example(page, 'Failover');
    await page.getByRole('button', { name: 'Send 1,000 requests' }).click();
    await page.getByText('Translate an answer back').click();
    await configuration(page).fill(`${await configuration(page).inputValue()} x`);
    await expect(page.locator('#problem-list button')).toHaveCount(1);
    const small = await page.locator('button, select, input, textarea, summary, a, .switch label, label.tick').evaluateAll((all) => all
      .filter((one) => one.checkVisibility() && !one.closest('.skip') && !['radio', 'checkbox'].includes(one.type))
      .map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
      .filter(([, { width, height }]) => height < 31.5 || width < 24)
      .map(([html, { width, height }]) => `${html} ${width}x${height}`));
    expect(small).toEqual([]);
  });
}

test('text that looks like markup stays text', async ({ playground: page }) => {
  await configuration(page).fill('{"<img src=x onerror=alert(1)>": 1, "models": {"<b>": {"candidates": ["<i>"]}}}');
  await expect(page.locator('#problem-list')).toContainText('<img src=x onerror=alert(1)>');
  await expect(page.locator('#panes img, #panes b:text("<"), #panes i')).toHaveCount(0);
});

test('opened as a file, the page says what it needs', async ({ page }) => {
  await page.goto(`file://${process.env.SITE}/index.html`);
  await expect(page.locator('#unserved')).toHaveCSS('visibility', 'visible');
  await expect(page.locator('#unserved')).toContainText('make playground-serve');
});

for (const [name, viewport] of [['wide', { width: 1440, height: 900 }], ['tablet', { width: 820, height: 1180 }], ['phone', { width: 390, height: 844 }], ['small phone', { width: 360, height: 780 }]]) {
  test(`nothing is cut off sideways: ${name}`, async ({ playground: page }) => {
    await page.setViewportSize(viewport);
    await page.getByRole('button', { name: 'Send 1,000 requests' }).click();
    await page.getByText('Translate an answer back').click();
    await page.getByLabel('What the provider has sent').fill(`{"error": {"message": "${'long'.repeat(100)}"}}`);
    await expect(page.locator('#answered')).toBeVisible();
    for (const summary of await page.locator('#attempts summary').all()) await summary.click();
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(wide).toBeLessThanOrEqual(seen);
  });
}

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing: ${colorScheme}`, async ({ playground: page }) => {
    await page.emulateMedia({ colorScheme });
    const scan = async () => (await new AxeBuilder({ page }).analyze()).violations
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('\n')}`);
    await page.getByRole('button', { name: 'Send 1,000 requests' }).click();
    await page.getByText('As a table').click();
    await page.getByText('Translate an answer back').click();
    await page.getByLabel('What the provider has sent').fill('{"content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn"}');
    await expect(page.locator('#answered')).toBeVisible();
    expect(await scan(), 'decided').toEqual([]);
    await example(page, 'Failover');
    await deployment(page, 'claude').getByLabel('Cooling').check();
    await deployment(page, 'llama').getByLabel('Drained').check();
    expect(await scan(), 'cooling and drained').toEqual([]);
    await page.getByRole('textbox', { name: 'Body' }).fill('{"model"');
    await expect(verdict(page)).toContainText('refused');
    expect(await scan(), 'refused').toEqual([]);
    await configuration(page).fill('{"colour": 1}');
    await expect(page.locator('#check')).toContainText('problem');
    expect(await scan(), 'with problems').toEqual([]);
  });
}
