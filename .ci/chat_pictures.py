#!/usr/bin/env python3
"""Takes the pictures of `docs/chat.md`: a bot and its users play on the chat page, in a browser.

    chat_pictures.py target/debug/examples/botapi docs/chat

Needs: pip install playwright requests, and a Chromium (`CHROMIUM`, else /usr/bin/chromium).
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import requests
from playwright.sync_api import sync_playwright

DAY_SECS = 24 * 3600
BOLD = {"parse_mode": "HTML"}


class Telegram:
    """The sandbox's Bot API server over a world folder, from the bot's side and from the users'."""

    def __init__(self, program, world):
        self.process = subprocess.Popen([program, "127.0.0.1:0", world], stdout=subprocess.PIPE, text=True)
        self.base, self.token = self.process.stdout.readline().split()

    def bot(self, method, files=None, **body):
        url = f"{self.base}/bot{self.token}/{method}"
        while True:
            if files:
                plain = lambda value: value if isinstance(value, (str, int)) else json.dumps(value)
                flat = {key: plain(value) for key, value in body.items()}
                answer = requests.post(url, data=flat, files=files, timeout=30).json()
            else:
                answer = requests.post(url, json=body, timeout=30).json()
            if answer["ok"]:
                return answer["result"]
            assert answer["error_code"] == 429, answer
            time.sleep(answer["parameters"]["retry_after"])

    def play(self, path, **body):
        answer = requests.post(f"{self.base}/sandbox/{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def fetch(self):
        """The bot takes its updates: the ticks of what users wrote become two."""
        updates = self.bot("getUpdates")
        if updates:
            self.bot("getUpdates", offset=updates[-1]["update_id"] + 1)
        return updates

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def keyboard(*rows):
    return {"inline_keyboard": [[{"text": text, "callback_data": text} for text in row] for row in rows]}


def a_day_earlier(world):
    path = os.path.join(world, "journal.jsonl")
    with open(path) as journal:
        records = [json.loads(line) for line in journal]
    for record in records:
        if "message" in record:
            record["message"]["message"]["date"] -= DAY_SECS
    with open(path, "w") as journal:
        journal.writelines(json.dumps(record) + "\n" for record in records)


def chart(browser):
    """A picture to send: SOL on its way to a target."""
    heights = [92, 88, 95, 84, 79, 82, 71, 74, 66, 69, 58, 61, 52, 55, 47, 49, 41, 44, 36, 33]
    line = " ".join(f"{20 + 18 * place},{30 + height}" for place, height in enumerate(heights))
    page = browser.new_page(viewport={"width": 400, "height": 190}, device_scale_factor=2)
    page.set_content(f"""<body style="margin:0"><svg width="400" height="190" style="background:#101a26">
      <path d="M20 52H380" stroke="#f0b35e" stroke-width="1.5" stroke-dasharray="5 4"/>
      <polyline points="{line}" fill="none" stroke="#4aa8ee" stroke-width="2.5"/>
      <circle cx="362" cy="63" r="4" fill="#4aa8ee"/>
      <g font-family="sans-serif" font-size="13"><text x="20" y="26" fill="#e8eef5">SOL / USD 164.82</text>
      <text x="290" y="44" fill="#f0b35e">target 165</text></g></svg>""")
    picture = page.screenshot()
    page.close()
    return picture


def yesterday(telegram):
    telegram.bot("setMyCommands", commands=[
        {"command": name, "description": text}
        for name, text in [("start", "Open your desk"), ("rooms", "Rooms to bet in"), ("create", "Open a room"),
                           ("bets", "Your bets"), ("wallet", "Balance and address"), ("help", "How it works")]
    ])
    ann, bob = (telegram.play("users", first_name=name)["id"] for name in ("Ann", "Bob"))
    for user in (ann, bob):
        telegram.play("start", user=user)
        telegram.bot("sendMessage", chat_id=user, text="<b>Deposit credited</b> · 2 SOL\nBalance 2 SOL", **BOLD)
    telegram.fetch()
    return ann, bob


def today(telegram, ann, bob, picture):
    """Ann plays; to Bob, who looks elsewhere, something happens."""
    card = "<b>Will SOL rise to $165 before 18:00 UTC?</b>\n\nYES <b>{} SOL</b> · NO <b>1.6 SOL</b>\nPlayers {} of 10"
    yes, no = "YES · ×1.54", "NO · ×2.66"
    telegram.play("messages", user=ann, text="/rooms")
    telegram.fetch()
    keys = keyboard([yes, no], ["Refresh", "Rooms", "Desk"])
    photo = telegram.bot("sendPhoto", chat_id=ann, files={"photo": ("sol.png", picture, "image/png")},
                         caption=card.format("2.6", 7), reply_markup=keys, **BOLD)
    telegram.bot("editMessageCaption", chat_id=ann, message_id=photo["message_id"], caption=card.format("2.8", 8),
                 reply_markup=keys, **BOLD)
    asked = telegram.play("messages", user=ann, text="can I still change my mind?", reply_to=photo["message_id"])
    telegram.fetch()
    telegram.bot("sendMessage", chat_id=ann, text="No. A bet stays until the room settles. See /help",
                 reply_parameters={"message_id": asked["message"]["message_id"]})
    group = telegram.play("groups", title="Arena · SOL 165", members=[ann, bob])["id"]
    telegram.play("messages", user=bob, chat=group, text="YES all the way")
    telegram.play("messages", user=ann, chat=group, text="0.2 on YES, too")
    telegram.bot("sendMessage", chat_id=group, text="🔒 Betting closed. <b>9 players</b>, 5.1 SOL", **BOLD)
    telegram.fetch()
    telegram.bot("sendMessage", chat_id=bob, text="<b>Bet accepted</b> · room #12\n0.5 SOL on <b>YES</b>", **BOLD)
    telegram.play("messages", user=ann, text="nice 🚀")
    return group


def pictures(telegram, browser, folder, ann, bob, group):
    def opened(user, chat=None, height=760):
        page = browser.new_page(viewport={"width": 900, "height": height})
        page.goto(f"{telegram.base}/?user={user}&theme=light" + (f"&chat={chat}" if chat else ""))
        page.wait_for_selector(".bubble")
        world = page.locator("#world-toggle")
        if world.get_attribute("aria-pressed") == "true":
            world.click()
        page.wait_for_timeout(600)
        return page

    def shoot(page, name, of, top=0, bottom=0, height=None, across=".chat"):
        """The page at the height of an element, and a little more or so much of it."""
        page.wait_for_timeout(250)
        box, across = page.locator(of).first.bounding_box(), page.locator(across).bounding_box()
        clip = {"x": across["x"], "y": box["y"] - top, "width": across["width"]}
        clip["height"] = height or box["height"] + top + bottom
        page.screenshot(path=os.path.join(folder, f"{name}.png"), clip=clip)

    def pressed(page, label, **answer):
        page.locator(".key", has_text=label).last.click()
        page.wait_for_timeout(300)
        query = [update["callback_query"] for update in telegram.fetch() if "callback_query" in update][-1]
        telegram.bot("answerCallbackQuery", callback_query_id=query["id"], **answer)

    page = opened(bob, chat=group, height=400)
    shoot(page, "chats", "#app", height=400, across="#app")
    page.close()

    page = opened(ann)
    scroll = page.locator("#scroll")
    shoot(page, "bubbles", ".row:has(.quote)", top=6, height=230)
    scroll.evaluate("scroll => { scroll.scrollTop = 0; }")
    shoot(page, "dates", ".day", top=14, height=270)
    scroll.evaluate("scroll => { scroll.scrollTop = scroll.scrollHeight; }")
    shoot(page, "card", ".row:has(.photo)", top=8, bottom=8)
    telegram.bot("sendChatAction", chat_id=ann, action="typing")
    shoot(page, "typing", "#app", height=270, across="#app")
    page.wait_for_timeout(5000)
    pressed(page, "YES", text="Odds refreshed")
    shoot(page, "toast", ".chat", height=300)
    page.wait_for_timeout(4000)
    pressed(page, "NO", text="You already have a bet in this room.\nOne bet per room.", show_alert=True)
    shoot(page, "alert", "#alert", top=70, bottom=70, across="#app")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Menu", exact=True).click()
    shoot(page, "menu", "#commands", top=40, bottom=60)
    page.close()


def main(program, folder):
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as world, sync_playwright() as playwright:
        executable = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        telegram = Telegram(program, world)
        ann, bob = yesterday(telegram)
        telegram.stop()
        a_day_earlier(world)
        telegram = Telegram(program, world)
        try:
            group = today(telegram, ann, bob, chart(browser))
            pictures(telegram, browser, folder, ann, bob, group)
        finally:
            telegram.stop()
            browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
