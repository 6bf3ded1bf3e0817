// The chat page: who plays, which chat is open, what is typed and pressed.

import { chatTitle, chatsOf, commandsIn, follow, fullName, get, messagesOf, post, world } from './api.js';
import { avatar, clock, day, element, icon, quote, row, service, summary } from './message.js';
import { panel } from './world.js';

const $ = (id) => document.getElementById(id);
const app = $('app');
const stored = (key, fallback) => JSON.parse(localStorage.getItem(`rooms.${key}`) ?? 'null') ?? fallback;
const store = (key, value) => localStorage.setItem(`rooms.${key}`, JSON.stringify(value));
const parameters = new URLSearchParams(location.search);

const view = {
  me: Number(parameters.get('user')) || stored('me', 0),
  chat: Number(parameters.get('chat')) || 0,
  replyTo: null,
  read: stored('read', {}), // "user/chat" → number of the last change seen
  unreadFrom: 0,
  busy: new Map(), // chat → { action, timer }
  shown: new Map(), // key → { signature, node } of the open chat
};

/* Reading and unread */

const readKey = (user, chat) => `${user}/${chat}`;
const lastRead = (user, chat) => Math.min(view.read[readKey(user, chat)] ?? 0, world.seq);
const isNews = (user, entry) => entry.message.from.id !== user && entry.created > lastRead(user, entry.message.chat.id);
const unread = (user, chat) => messagesOf(chat, user).filter((entry) => isNews(user, entry)).length;

function markRead() {
  if (document.hidden || !view.chat) return;
  view.read[readKey(view.me, view.chat)] = world.seq;
  store('read', view.read);
}

const atBottom = () => $('scroll').scrollHeight - $('scroll').scrollTop - $('scroll').clientHeight < 80;
const toBottom = () => { $('scroll').scrollTop = $('scroll').scrollHeight; };

/* What a message can ask the page to do */

const act = {
  me: () => view.me,
  myName: () => world.people.get(view.me)?.user.first_name ?? '',
  async say(text) {
    try {
      const reply = view.replyTo?.message.message_id;
      setReply(null);
      await post('messages', { user: view.me, chat: view.chat, text, reply_to: reply });
      toBottom();
    } catch (error) { toast(error.message); }
  },
  async press(entry, button, node) {
    if (node.classList.contains('waiting')) return;
    node.classList.add('waiting');
    setTimeout(() => node.classList.remove('waiting'), 8000);
    try {
      const { callback_query_id: id } = await post('press', { user: view.me, chat: view.chat, message_id: entry.message.message_id, data: button.callback_data });
      waiting.set(id, node);
      if (answered.has(id)) settle(id);
    } catch (error) {
      node.classList.remove('waiting');
      toast(error.message);
    }
  },
  copy(text) {
    navigator.clipboard?.writeText(text).then(() => toast('Copied to clipboard'), () => toast(text));
  },
  open(url, event, isButton) {
    const link = new URL(url, location.href);
    const ours = link.hostname === 't.me' && link.pathname.slice(1).toLowerCase() === world.bot.username.toLowerCase();
    if (ours) {
      event.preventDefault();
      openChat(view.me);
      start(link.searchParams.get('start'));
    } else if (link.hostname === 't.me' && link.pathname.startsWith('/+')) {
      event.preventDefault();
      attempt(async () => {
        const { joined } = await post('invitations', { user: view.me, link: url });
        toast(joined ? 'You are in this group' : 'You asked to join the group');
      });
    } else if (isButton) window.open(url, '_blank', 'noopener');
  },
  jump(id) {
    const node = view.shown.get(`m${id}`)?.node;
    if (!node) return;
    node.scrollIntoView({ block: 'center', behavior: 'smooth' });
    node.classList.add('flash');
    setTimeout(() => node.classList.remove('flash'), 1300);
  },
  reply: (entry) => { setReply(entry); $('input').focus(); },
  type: (text) => { $('input').value = text; resize(); $('input').focus(); },
  toast,
};

// A press waits for its answer; either of the two may be heard of first.
const waiting = new Map();
const answered = new Set();
function settle(id) {
  waiting.get(id)?.classList.remove('waiting');
  waiting.delete(id);
}

let toastTimer;
function toast(text) {
  const node = $('toast');
  node.textContent = text;
  node.hidden = false;
  node.style.animation = 'none';
  void node.offsetWidth;
  node.style.animation = '';
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { node.hidden = true; }, 3500);
}

function takeAnswer(answer) {
  answered.add(answer.callback_query_id);
  settle(answer.callback_query_id);
  if (answer.user_id !== view.me) return;
  if (answer.url) window.open(answer.url, '_blank', 'noopener');
  if (!answer.text) return;
  if (!answer.show_alert) return toast(answer.text);
  const dialog = $('alert');
  dialog.querySelector('h2').textContent = world.bot.first_name;
  dialog.querySelector('p').textContent = answer.text;
  if (!dialog.open) dialog.showModal();
}

function takeAction({ chat_id: chat, action }) {
  clearTimeout(view.busy.get(chat)?.timer);
  const timer = setTimeout(() => { view.busy.delete(chat); renderHead(); renderChats(); }, 5000);
  view.busy.set(chat, { action, timer });
}

/* Players and chats */

function renderPlayers() {
  const nodes = [...world.people.values()].map(({ user }) => {
    const news = chatsOf(user.id).reduce((sum, chat) => sum + unread(user.id, chat), 0);
    return element('button', { type: 'button', class: 'player', 'aria-pressed': String(user.id === view.me), title: `Play as ${fullName(user)}`, onclick: () => playAs(user.id) },
      avatar(user.id, fullName(user)), element('span', { class: 'who' }, user.first_name),
      news && user.id !== view.me ? element('span', { class: 'badge' }, String(news)) : null);
  });
  nodes.push(element('button', { type: 'button', class: 'player', id: 'add-user', onclick: addUser },
    element('span', { class: 'avatar add' }, icon('add')), element('span', { class: 'who' }, 'Add user')));
  $('players').replaceChildren(...nodes);
}

function renderChats() {
  if (!view.me) return $('chats').replaceChildren();
  const wanted = $('filter').value.trim().toLowerCase();
  const latest = (chat) => messagesOf(chat, view.me).at(-1);
  const chats = chatsOf(view.me).filter((chat) => chatTitle(chat).toLowerCase().includes(wanted));
  chats.sort((a, b) => (latest(b)?.created ?? 0) - (latest(a)?.created ?? 0));
  $('chats').replaceChildren(...chats.map((chat) => chatRow(chat, latest(chat))));
}

function chatRow(chat, latest) {
  const group = chat < 0;
  const news = chat === view.chat && !document.hidden && atBottom() ? 0 : unread(view.me, chat);
  const mine = latest?.message.from.id === view.me;
  const preview = element('span', { class: 'preview' });
  if (view.busy.has(chat)) preview.append(element('b', {}, 'typing…'));
  else if (latest) {
    const who = mine ? 'You' : group ? latest.message.from.first_name : '';
    if (who && !latest.message.new_chat_members) preview.append(element('b', {}, `${who}: `));
    preview.append(summary(latest.message));
  }
  const time = element('time', {});
  if (latest) {
    if (mine) time.append(icon(latest.update_id === undefined || latest.update_id < world.confirmedBelow ? 'ticks' : 'tick'));
    const today = day(latest.message.date) === 'Today';
    time.append(today ? clock(latest.message.date) : day(latest.message.date));
  }
  return element('button', { type: 'button', class: 'chat-row', 'aria-current': String(chat === view.chat), onclick: () => openChat(chat) },
    avatar(group ? chat : world.bot.id, chatTitle(chat)),
    element('strong', {}, group ? icon('group') : null, chatTitle(chat), group ? null : icon('bot')), time,
    preview, news ? element('span', { class: 'badge', 'aria-label': `${news} unread` }, String(news)) : element('span', {}));
}

function playAs(user) {
  view.me = user;
  store('me', user);
  refreshWorld();
  openChat(chatsOf(user).includes(view.chat) ? view.chat : user);
}

function openChat(chat) {
  view.chat = chat;
  view.unreadFrom = Math.min(...messagesOf(chat, view.me).filter((entry) => isNews(view.me, entry)).map((entry) => entry.created), Infinity);
  view.shown.clear();
  setReply(null);
  toggleCommands(false);
  app.classList.toggle('no-chat', !chat);
  render();
  toBottom();
  markRead();
  renderPlayers();
  renderChats();
  if (matchMedia('(min-width: 721px)').matches) $('input').focus();
}

/* The open chat */

function renderHead() {
  const group = world.groups.get(view.chat);
  $('title').textContent = view.chat ? chatTitle(view.chat) : '';
  $('head-avatar').replaceChildren(...(view.chat ? [avatar(group ? view.chat : world.bot.id, chatTitle(view.chat), true)] : []));
  const busy = view.busy.get(view.chat);
  $('subtitle').classList.toggle('busy', Boolean(busy));
  if (busy) {
    const doing = busy.action === 'upload_photo' ? 'sending a photo' : 'typing';
    $('subtitle').replaceChildren(element('span', { class: 'dots' }, element('i'), element('i'), element('i')), group ? `${world.bot.first_name} is ${doing}` : doing);
  } else if (group) {
    const count = group.members.length + (group.has_bot ? 1 : 0);
    $('subtitle').textContent = `${count} members`;
  } else $('subtitle').textContent = view.chat ? 'bot' : '';
}

// Every row has a key and a signature; a row is built anew only when its signature changes.
function plan() {
  const group = view.chat < 0;
  const entries = messagesOf(view.chat, view.me);
  const rows = [];
  const isService = ({ message }) => Boolean(message.new_chat_members || message.left_chat_member || message.new_chat_title);
  const together = (a, b) => a && b && !isService(a) && !isService(b) && a.message.from.id === b.message.from.id
    && b.message.date - a.message.date < 300 && day(a.message.date) === day(b.message.date);
  entries.forEach((entry, index) => {
    const { message } = entry;
    const [before, after] = [entries[index - 1], entries[index + 1]];
    const date = day(message.date);
    if (!before || day(before.message.date) !== date) rows.push({ key: `d${date}`, signature: date, make: () => element('div', { class: 'day' }, date) });
    if (entry.created === view.unreadFrom && before) rows.push({ key: 'unread', signature: '', make: () => element('div', { class: 'unread-line' }, 'Unread messages') });
    if (isService(entry)) {
      rows.push({ key: `m${message.message_id}`, signature: `${entry.changed}`, make: () => service(message) });
      return;
    }
    const place = { mine: message.from.id === view.me, group, first: !together(before, entry), last: !together(entry, after) };
    const seen = entry.update_id === undefined || entry.update_id < world.confirmedBelow;
    const signature = [entry.changed, place.mine, place.first, place.last, place.mine && seen].join();
    rows.push({ key: `m${message.message_id}`, signature, make: () => row(entry, place, act) });
  });
  if (!entries.length && view.chat > 0 && world.profile.description) {
    rows.push({ key: 'about', signature: world.profile.description, make: () => element('div', { class: 'about' }, element('h2', {}, 'What can this bot do?'), world.profile.description) });
  }
  return rows;
}

function renderMessages() {
  const stick = atBottom();
  const rows = plan();
  const keys = new Set(rows.map(({ key }) => key));
  for (const [key, { node }] of view.shown) if (!keys.has(key)) { node.remove(); view.shown.delete(key); }
  if (!view.shown.size) $('messages').replaceChildren();
  let at = $('messages').firstChild;
  for (const { key, signature, make } of rows) {
    let shown = view.shown.get(key);
    if (!shown || shown.signature !== signature) {
      const node = make();
      if (shown) {
        node.style.animation = 'none';
        if (at === shown.node) at = node;
        shown.node.replaceWith(node);
      }
      shown = { signature, node };
      view.shown.set(key, shown);
    }
    if (shown.node === at) at = at.nextSibling;
    else $('messages').insertBefore(shown.node, at);
  }
  if (stick) toBottom();
  renderDown();
}

function renderDown() {
  const news = view.chat ? unread(view.me, view.chat) : 0;
  $('down').hidden = atBottom();
  $('down').replaceChildren(icon('down'), ...(news ? [element('span', { class: 'badge' }, String(news))] : []));
}

function renderComposer() {
  const person = world.people.get(view.me);
  const alone = view.chat > 0 && person;
  const stopped = alone && person.blocked;
  const fresh = alone && !person.started && !messagesOf(view.chat).length;
  $('form').hidden = !view.chat || stopped || fresh;
  $('start').hidden = !(stopped || fresh);
  $('start').textContent = stopped ? 'RESTART' : 'START';
  $('menu').hidden = !(alone && commandsIn(view.chat, person.user.language_code).length);
  const asked = messagesOf(view.chat).filter((entry) => entry.force_reply !== undefined).at(-1);
  const newest = messagesOf(view.chat).at(-1);
  if (asked && asked === newest && view.replyTo !== asked && asked.changed !== view.declined) setReply(asked);
  $('input').placeholder = view.replyTo?.force_reply || 'Write a message…';
}

function setReply(entry) {
  if (!entry && view.replyTo) view.declined = view.replyTo.changed;
  view.replyTo = entry;
  $('replying').hidden = !entry;
  $('replying').replaceChildren(...(entry ? [quote(entry.message, act),
    element('button', { type: 'button', class: 'icon-button', 'aria-label': 'Do not reply', onclick: () => setReply(null) }, icon('close'))] : []));
}

function render() {
  renderHead();
  renderMessages();
  renderComposer();
  renderChats();
  renderPlayers();
}

/* Typing */

function resize() {
  const input = $('input');
  input.style.height = 'auto';
  input.style.height = `${input.scrollHeight}px`;
}

function toggleCommands(open, prefix = '') {
  const language = world.people.get(view.me)?.user.language_code;
  const found = open ? commandsIn(view.chat, language).filter(({ command }) => command.startsWith(prefix)) : [];
  $('commands').hidden = !found.length;
  $('menu').setAttribute('aria-expanded', String(found.length > 0));
  $('commands').replaceChildren(...found.map(({ command, description }, index) =>
    element('button', { type: 'button', role: 'option', 'aria-selected': String(index === 0 && prefix !== ''), onclick: () => { $('input').value = ''; resize(); toggleCommands(false); act.say(`/${command}`); } },
      element('b', {}, `/${command}`), element('span', {}, description))));
}

// Inline mode: what the bot offers for `@bot words` is listed as the commands are; a tap sends it.
let searched = 0;
async function search(words) {
  const turn = ++searched;
  const { inline_query_id: id } = await post('inline', { user: view.me, query: words });
  const { results } = await get(`inline/${id}?wait=10`);
  if (turn !== searched || !results) return;
  const { me, chat } = view;
  $('commands').hidden = !results.length;
  $('commands').replaceChildren(...results.map((result) =>
    element('button', { type: 'button', role: 'option', onclick: () => { $('input').value = ''; resize(); toggleCommands(false); attempt(() => post(`inline/${id}/choose`, { user: me, chat, result: result.id })); } },
      element('b', {}, result.title), element('span', {}, result.description ?? ''))));
}

function moveChoice(step) {
  const options = [...$('commands').children];
  const now = options.findIndex((option) => option.getAttribute('aria-selected') === 'true');
  const next = (now + step + options.length) % options.length;
  options.forEach((option, index) => option.setAttribute('aria-selected', String(index === next)));
  options[next]?.scrollIntoView({ block: 'nearest' });
}

$('input').addEventListener('input', () => {
  resize();
  const value = $('input').value;
  const typed = /^\/(\w*)$/.exec(value);
  searched += 1;
  toggleCommands(Boolean(typed), typed?.[1]);
  const inline = `@${world.bot.username.toLowerCase()} `;
  if (value.toLowerCase().startsWith(inline)) attempt(() => search(value.slice(inline.length)));
});
$('input').addEventListener('keydown', (event) => {
  const choosing = !$('commands').hidden;
  if (choosing && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    event.preventDefault();
    moveChoice(event.key === 'ArrowUp' ? -1 : 1);
  } else if (choosing && event.key === 'Tab') {
    const chosen = $('commands').querySelector('[aria-selected="true"] b');
    if (chosen) { event.preventDefault(); act.type(`${chosen.textContent} `); toggleCommands(false); }
  } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    const chosen = choosing && $('commands').querySelector('[aria-selected="true"]');
    if (chosen) chosen.click(); else $('form').requestSubmit();
  } else if (event.key === 'Escape') {
    if (choosing) toggleCommands(false); else setReply(null);
  }
});
$('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = $('input').value.trim();
  if (!text) return;
  $('input').value = '';
  resize();
  toggleCommands(false);
  act.say(text);
});
$('menu').addEventListener('click', () => { toggleCommands($('commands').hidden); $('input').focus(); });
$('start').addEventListener('click', () => start());
$('filter').addEventListener('input', renderChats);
$('down').addEventListener('click', () => $('scroll').scrollTo({ top: $('scroll').scrollHeight, behavior: 'smooth' }));
$('scroll').addEventListener('scroll', () => {
  if (atBottom() && unread(view.me, view.chat)) { markRead(); renderChats(); renderPlayers(); }
  renderDown();
});
$('back').addEventListener('click', () => openChat(0));

async function start(payload) {
  try { await post('start', { user: view.me, payload }); } catch (error) { toast(error.message); }
}

/* Menus and dialogs */

function popup(anchor, items) {
  const node = $('popup');
  node.replaceChildren(...items.map(([label, run, danger]) => element('button', { type: 'button', role: 'menuitem', class: danger && 'danger', onclick: () => { node.hidden = true; run(); } }, label)));
  node.hidden = false;
  const box = anchor.getBoundingClientRect();
  node.style.top = `${box.bottom + 6}px`;
  node.style.left = `${Math.max(8, Math.min(box.right - node.offsetWidth, innerWidth - node.offsetWidth - 8))}px`;
  node.querySelector('button')?.focus();
}
document.addEventListener('pointerdown', (event) => { if (!$('popup').contains(event.target)) $('popup').hidden = true; });
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') $('popup').hidden = true; });

const attempt = (work) => work().catch((error) => toast(error.message));

$('more').addEventListener('click', () => {
  const person = world.people.get(view.me);
  const items = [];
  if (view.chat > 0 && person) {
    items.push(['Open with a deep link…', deepLink]);
    items.push(person.blocked
      ? ['Unblock the bot', () => attempt(() => post('unblock', { user: view.me }))]
      : ['Block the bot', () => attempt(() => post('block', { user: view.me })), true]);
  }
  if (view.chat < 0) {
    items.push(['Add members…', addMembers]);
    const { members, has_bot: bot, house } = world.groups.get(view.chat);
    if (bot && members[0] === view.me) {
      const here = !house.administers;
      items.push([here ? 'Make the bot an administrator' : 'Take the bot’s rights', () => attempt(() => post(`groups/${view.chat}/administrator`, { here }))]);
    }
    items.push(['Leave the group', () => attempt(async () => { await post(`groups/${view.chat}/leave`, { user: view.me }); openChat(view.me); }), true]);
  }
  items.unshift([theme() === 'dark' ? 'Light theme' : 'Dark theme', () => setTheme(theme() === 'dark' ? 'light' : 'dark')]);
  popup($('more'), items);
});

// Asks for the fields and runs `work` with them until it succeeds or is cancelled.
function ask(title, go, fields, work) {
  const dialog = $('ask');
  const form = dialog.querySelector('form');
  dialog.querySelector('h2').textContent = title;
  dialog.querySelector('.go').textContent = go;
  dialog.querySelector('.problem').textContent = '';
  dialog.querySelector('.fields').replaceChildren(...fields.map(({ name, label, tick, value }) => (tick
    ? element('label', { class: 'tick' }, element('input', { type: 'checkbox', name, value }), label)
    : element('label', {}, label, element('input', { type: 'text', name, autocomplete: 'off' })))));
  form.onsubmit = async (event) => {
    event.preventDefault();
    try {
      await work(new FormData(form));
      dialog.close();
    } catch (error) { dialog.querySelector('.problem').textContent = error.message; }
  };
  dialog.querySelector('button[value="cancel"]').onclick = () => dialog.close();
  dialog.showModal();
  dialog.querySelector('input')?.focus();
}

function addUser() {
  ask('New user', 'Add', [{ name: 'first', label: 'First name' }, { name: 'last', label: 'Last name (optional)' }, { name: 'language', label: 'Language (en, es, ru, zh)' }], async (data) => {
    const text = (name) => data.get(name).trim() || undefined;
    const user = await post('users', { first_name: data.get('first'), last_name: text('last'), language_code: text('language') });
    playAs(user.id);
  });
}

const ticks = (people) => people.map(({ user }) => ({ name: 'member', label: fullName(user), tick: true, value: user.id }));

$('new-group').addEventListener('click', () => {
  const others = [...world.people.values()].filter(({ user }) => user.id !== view.me);
  ask('New group', 'Create', [{ name: 'title', label: 'Group name' }, ...ticks(others)], async (data) => {
    const members = [view.me, ...data.getAll('member').map(Number)];
    const chat = await post('groups', { title: data.get('title').trim() || 'Group', members });
    openChat(chat.id);
  });
});

function addMembers() {
  const group = world.groups.get(view.chat);
  const others = [...world.people.values()].filter(({ user }) => !group.members.includes(user.id));
  ask('Add members', 'Add', ticks(others), async (data) => {
    for (const user of data.getAll('member').map(Number)) await post(`groups/${view.chat}/join`, { user });
  });
}

function deepLink() {
  ask(`t.me/${world.bot.username}?start=`, 'Open', [{ name: 'payload', label: 'Payload' }],
    async (data) => post('start', { user: view.me, payload: data.get('payload').trim() }));
}

/* Look */

const theme = () => document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark');
function setTheme(name) {
  document.documentElement.dataset.theme = name;
  store('theme', name);
}
setTheme(parameters.get('theme') ?? stored('theme', 'dark'));

function setWorld(open) {
  app.classList.toggle('no-world', !open);
  $('world-toggle').setAttribute('aria-pressed', String(open));
  store('world', open);
}
$('world-toggle').addEventListener('click', () => setWorld(app.classList.contains('no-world')));
setWorld(matchMedia('(min-width: 1081px)').matches && stored('world', true));

for (const [id, name] of [['back', 'back'], ['more', 'more'], ['world-toggle', 'panel'], ['send', 'send'], ['down', 'down']]) $(id).append(icon(name));

/* Life */

follow((event) => {
  if (event.type === 'offline') return void ($('subtitle').textContent = 'connecting…');
  if (event.type === 'answer') return takeAnswer(event.answer);
  if (event.type === 'action') takeAction(event);
  if (event.type === 'message' && event.message.message.from.id === world.bot.id) {
    const chat = event.message.message.chat.id;
    clearTimeout(view.busy.get(chat)?.timer);
    view.busy.delete(chat);
  }
  if (event.type === 'hello') {
    if (!world.people.has(view.me)) view.me = [...world.people.keys()][0] ?? 0;
    if (!view.me) { renderPlayers(); addUser(); return; }
    openChat(chatsOf(view.me).includes(view.chat) ? view.chat : view.me);
    return;
  }
  const stick = atBottom();
  render();
  if (event.type === 'message' && event.message.message.chat.id === view.chat && stick) {
    markRead();
    renderChats();
  }
});
document.addEventListener('visibilitychange', () => { if (!document.hidden && atBottom()) { markRead(); render(); } });
new ResizeObserver(() => renderDown()).observe($('scroll'));
const refreshWorld = panel($('world'), act);
