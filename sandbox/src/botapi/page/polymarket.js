// The part of the side panel about Polymarket: what is wrong with its servers, what a wallet does, how a market ends.

import { post } from './api.js';
import { element } from './message.js';

const FAULTS = ['none', 'away', 'silent', 'error', 'garbled', 'limited', 'shuffled', 'late'];
const DEEDS = { buy: 'Buy', sell: 'Sell', redeem: 'Redeem', resolve: 'Decide: it is' };

export function polymarket(section, attempt, act) {
  const hosts = new Map();
  const hostList = element('div', {});
  const wallets = element('datalist', { id: 'polymarket-wallets' });
  const wallet = element('input', { list: wallets.id, placeholder: '0x… wallet', 'aria-label': 'Wallet', spellcheck: 'false' });
  const copy = element('button', { type: 'button', class: 'button', title: 'Copy the wallet', onclick: () => act.copy(wallet.value) }, 'copy');
  const market = element('select', { 'aria-label': 'Market' });
  const outcome = element('select', { 'aria-label': 'Outcome' });
  const kind = element('select', { 'aria-label': 'Deed' },
    Object.entries(DEEDS).map(([value, label]) => element('option', { value }, label)));
  const shares = element('input', { inputmode: 'decimal', value: '2000', 'aria-label': 'Shares' });
  const form = element('form', { class: 'deed' }, kind, shares, outcome, element('button', { class: 'button' }, 'Do it'));
  let markets = [];

  const outcomes = () => {
    const chosen = markets.find(({ slug }) => slug === market.value);
    outcome.replaceChildren(...(chosen?.outcomes ?? []).map((name, at) =>
      element('option', { value: name }, `${name} · ${chosen.prices[at]}`)));
  };
  market.addEventListener('change', outcomes);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const amount = shares.value.trim().replace(',', '.');
    const order = { deed: kind.value, market: market.value };
    if (kind.value !== 'resolve') order.wallet = wallet.value.trim();
    if (kind.value !== 'redeem') order.outcome = outcome.value;
    if (kind.value === 'buy' || kind.value === 'sell') order.shares = amount;
    attempt(() => post('polymarket/deeds', order), 'Done on Polymarket');
  });
  section.append(element('h3', {}, 'Polymarket'), hostList, wallets,
    element('form', { onsubmit: (event) => event.preventDefault() }, wallet, copy), market, form);

  function hostRow(host) {
    const select = element('select', { 'aria-label': `State of ${host}` },
      FAULTS.map((name) => element('option', { value: name }, name === 'none' ? 'normal' : name)));
    select.addEventListener('change', () => attempt(() => post(`polymarket/${host}`, { fault: select.value })));
    hostList.append(element('form', { class: 'venue' }, element('span', {}, host), select));
    return select;
  }

  return function show(state) {
    for (const { host, fault } of state.hosts) {
      if (!hosts.has(host)) hosts.set(host, hostRow(host));
      const select = hosts.get(host);
      if (document.activeElement !== select) select.value = fault;
    }
    wallets.replaceChildren(...state.wallets.map(({ address, name, usd }) =>
      element('option', { value: address }, `${name || 'nameless'} · $${usd}`)));
    if (!wallet.value) wallet.value = state.wallets[0]?.address ?? '';
    // A list that is being used stays as it is.
    if ([market, outcome].includes(document.activeElement)) return;
    const chosen = market.value;
    const chosenOutcome = outcome.value;
    markets = state.markets;
    market.replaceChildren(...markets.map(({ slug, question }) => element('option', { value: slug }, question)));
    if (markets.some(({ slug }) => slug === chosen)) market.value = chosen;
    outcomes();
    if ([...outcome.options].some(({ value }) => value === chosenOutcome)) outcome.value = chosenOutcome;
  };
}
