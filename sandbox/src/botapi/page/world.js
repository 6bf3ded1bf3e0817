// The side panel: what lies outside the bot. Returns what looks at it all anew.
// Parts that the server does not have stay hidden.

import { get, post } from './api.js';
import { element } from './message.js';
import { polymarket } from './polymarket.js';

const LAMPORTS = 1_000_000_000n;
const FAUCET_SOL = '5';

// Lamports as SOL, digit by digit: no float comes near an amount.
export function sol(lamports) {
  const value = BigInt(lamports);
  const rest = String(value % LAMPORTS).padStart(9, '0').replace(/0+$/, '');
  return `${value / LAMPORTS}${rest ? `.${rest}` : ''}`;
}

export function lamports(text) {
  const match = /^(\d*)(?:[.,](\d{0,9}))?$/.exec(text.trim());
  if (!match || !(match[1] || match[2])) return null;
  return BigInt(match[1] || '0') * LAMPORTS + BigInt((match[2] ?? '').padEnd(9, '0'));
}

const FAULTS = {
  none: { fault: 'none' },
  stale: { fault: 'stale' },
  silent: { fault: 'silent' },
  'wrong +5%': { fault: 'wrong', percent: 5 },
  down: { fault: 'down' },
};

export function panel(root, act) {
  const venues = element('section', { hidden: true });
  const purse = element('section', { hidden: true });
  const wallets = element('section', { hidden: true });
  const traffic = element('section', {});
  root.append(element('h2', {}, 'World'), venues, purse, wallets, traffic);

  const attempt = async (work, done) => {
    try {
      await work();
      if (done) act.toast(done);
    } catch (error) {
      act.toast(error.message);
    }
    refresh();
  };

  const prices = new Map();
  const selects = new Map();
  const venueList = element('div', {});
  const priceList = element('div', {});
  venues.append(element('h3', {}, 'Prices', element('small', {}, 'on all venues')), priceList,
    element('h3', {}, 'Venues'), venueList);

  function showVenues(state) {
    for (const { asset, price, held } of state.assets) {
      if (!prices.has(asset)) prices.set(asset, priceRow(asset));
      const row = prices.get(asset);
      row.now.textContent = Number(Number(price).toPrecision(8));
      row.now.title = price;
      row.hold.setAttribute('aria-pressed', String(Boolean(held)));
      row.hold.textContent = held ? 'held' : 'hold';
    }
    for (const { venue, fault } of state.venues ?? []) {
      if (!selects.has(venue)) selects.set(venue, venueRow(venue));
      const select = selects.get(venue);
      const name = Object.keys(FAULTS).find((known) => FAULTS[known].fault === fault) ?? 'none';
      if (document.activeElement !== select) select.value = name;
    }
  }

  function priceRow(asset) {
    const input = element('input', { inputmode: 'decimal', placeholder: 'set', 'aria-label': `New price of ${asset}` });
    const now = element('span', { class: 'now' });
    const hold = element('button', { type: 'button', class: 'button hold', title: 'Keep the price where it is' }, 'hold');
    hold.addEventListener('click', () => attempt(() =>
      post('prices', { asset, hold: hold.getAttribute('aria-pressed') !== 'true' })));
    const form = element('form', {}, element('label', {}, asset), now, input, hold);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const price = input.value.trim().replace(',', '.');
      if (price) attempt(() => post('prices', { asset, price }), `${asset} set to ${price}`);
      input.value = '';
    });
    priceList.append(form);
    return { now, hold };
  }

  function venueRow(venue) {
    const select = element('select', { 'aria-label': `State of ${venue}` },
      Object.keys(FAULTS).map((name) => element('option', { value: name }, name === 'none' ? 'normal' : name)));
    select.addEventListener('change', () => attempt(() => post(`venues/${venue}`, FAULTS[select.value])));
    venueList.append(element('form', { class: 'venue' }, element('span', {}, venue), select));
    return select;
  }

  // Every player has a wallet of their own outside the bot.
  const owner = element('small', {});
  const balance = element('b', {}, '…');
  const address = element('code', { role: 'button', tabindex: 0, title: 'Copy', onclick: () => act.copy(address.textContent) });
  const to = element('input', { placeholder: 'to address', 'aria-label': 'Send to address', spellcheck: 'false' });
  const amount = element('input', { placeholder: 'SOL', 'aria-label': 'Amount in SOL', inputmode: 'decimal' });
  const send = element('form', {}, amount, element('button', { class: 'button' }, 'Send'));
  send.addEventListener('submit', (event) => {
    event.preventDefault();
    const value = lamports(amount.value);
    if (value === null) return act.toast('An amount in SOL, please');
    attempt(async () => {
      await post('outside/send', { user: act.me(), to: to.value.trim(), lamports: Number(value) });
      amount.value = '';
    }, `${sol(value)} SOL sent`);
  });
  const faucet = element('button', { type: 'button', class: 'button wide' }, `Get ${FAUCET_SOL} SOL from the faucet`);
  faucet.addEventListener('click', () => attempt(() =>
    post('faucet', { address: address.textContent, lamports: Number(lamports(FAUCET_SOL)) }), `${FAUCET_SOL} SOL received`));
  purse.append(element('h3', {}, 'Outside wallet', owner),
    element('div', { class: 'purse' }, balance, address), faucet,
    element('form', { onsubmit: (event) => event.preventDefault() }, to), send);

  function showPurse(state) {
    owner.textContent = `of ${act.myName()}, on chain`;
    balance.textContent = `${sol(state.lamports)} SOL`;
    address.textContent = state.address;
  }

  const figures = element('dl', { class: 'figures' });
  const weather = element('div', { class: 'weather' });
  const storm = (label, fault, done) => element('button', { type: 'button', class: 'button', onclick: () => attempt(() => post('faults', fault), done) }, label);
  weather.append(
    storm('429 for 10 s', { kind: 'too_many_requests', seconds: 10 }, 'Telegram says 429 for 10 s'),
    storm('502 for 10 s', { kind: 'server_error', seconds: 10 }, 'Telegram says 502 for 10 s'),
    storm('Lose an answer', { kind: 'lose_answer', times: 1 }, 'The next answer gets lost'),
    storm('Break a call', { kind: 'drop', times: 1 }, 'The next call breaks'),
  );
  traffic.append(element('h3', {}, 'Bot API'), figures, weather);

  function showFigures({ counters, peaks }) {
    const pairs = [
      ['Messages sent', counters.sent], ['Edits', counters.edited],
      ['Presses answered', `${counters.answered} of ${counters.callbacks}`],
      ['429 answers', counters.too_many_requests], ['Peak per second', peaks.per_second],
    ];
    figures.replaceChildren(...pairs.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, String(value))]));
  }

  // A part is asked for again only as long as the server knows it.
  const parts = [
    { path: () => 'venues', node: venues, show: showVenues },
    { path: () => act.me() && `outside?user=${act.me()}`, node: purse, show: showPurse },
    { path: () => 'polymarket', node: wallets, show: polymarket(wallets, attempt, act) },
    { path: () => 'counters', node: traffic, show: showFigures },
  ];
  async function refresh() {
    await Promise.all(parts.filter((part) => !part.absent).map(async (part) => {
      const path = part.path();
      if (!path) return;
      try {
        part.show(await get(path));
        part.node.hidden = false;
      } catch (error) {
        part.absent = error.status === 404;
        part.node.hidden = true;
      }
    }));
  }
  refresh();
  setInterval(() => { if (!document.hidden && root.offsetParent !== null) refresh(); }, 1000);
  return refresh;
}
