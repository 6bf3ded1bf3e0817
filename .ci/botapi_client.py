#!/usr/bin/env python3
"""Runs a bot written with pyTelegramBotAPI against the sandbox's Bot API server.

    botapi_client.py http://127.0.0.1:8081 TOKEN      a server that runs already
    botapi_client.py -- cargo run --example botapi    starts one; it prints "URL TOKEN"

The library was made for Telegram and knows nothing of the sandbox, so what it accepts here it
accepts there. The user's side is played over /sandbox/. Needs: pip install pyTelegramBotAPI
"""

import base64
import subprocess
import sys
import threading
import time

import requests
import telebot
from telebot import apihelper
from telebot.types import BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto

BOUND_SECS = 15
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


class User:
    """A user of the sandbox, who sees the private chat with the bot."""

    def __init__(self, base, name):
        self.base, self.seq = base, 0
        self.id = self.post("users", first_name=name)["id"]

    def post(self, path, **body):
        answer = requests.post(f"{self.base}/sandbox/{path}", json=body, timeout=BOUND_SECS)
        assert answer.ok, answer.text
        return answer.json()

    def say(self, text):
        self.seq = self.post("messages", user=self.id, text=text)["seq"]

    def press(self, message, label):
        pressed = self.post("press", user=self.id, message_id=message["message_id"], button=label)
        self.seq = pressed["seq"]
        return pressed["callback_query_id"]

    def wait(self, wanted):
        """The first message of the bot, new or changed since the last deed, that is wanted."""
        query = {"chat": self.id, "after": self.seq, "wait": 1}
        for _ in range(BOUND_SECS):
            answer = requests.get(f"{self.base}/sandbox/messages", params=query, timeout=BOUND_SECS)
            for stored in answer.json()["messages"]:
                query["after"] = max(query["after"], stored["changed"])
                if stored["message"]["from"]["is_bot"] and wanted(stored["message"]):
                    return stored["message"]
        raise AssertionError("the bot did not do it in time")

    def answer(self, callback_query_id):
        query = {"user": self.id, "after": 0, "wait": 1}
        for _ in range(BOUND_SECS):
            answers = requests.get(f"{self.base}/sandbox/answers", params=query, timeout=BOUND_SECS)
            for answer in answers.json()["answers"]:
                query["after"] = answer["seq"]
                if answer["callback_query_id"] == callback_query_id:
                    return answer
        raise AssertionError("the press was not answered")


def make_bot(token):
    bot = telebot.TeleBot(token, parse_mode="HTML")

    @bot.message_handler(commands=["start"])
    def greet(message):
        keyboard = InlineKeyboardMarkup()
        keyboard.row(
            InlineKeyboardButton("Up", callback_data="side:up"),
            InlineKeyboardButton("Down", callback_data="side:down"),
        )
        keyboard.row(InlineKeyboardButton("Rules", url="https://example.org/rules"))
        name = message.from_user.first_name
        bot.send_message(message.chat.id, f"<b>Hello, {name}</b>: up or down?", reply_markup=keyboard)

    @bot.callback_query_handler(func=lambda query: query.data.startswith("side:"))
    def choose(query):
        side = query.data.split(":")[1]
        bot.answer_callback_query(query.id, f"You took {side}", show_alert=True)
        bot.edit_message_text(
            f"You took <code>{side}</code>", query.message.chat.id, query.message.message_id
        )

    @bot.message_handler(commands=["chart"])
    def chart(message):
        bot.send_chat_action(message.chat.id, "upload_photo")
        bot.send_photo(message.chat.id, PNG, caption="<i>SOL</i>", reply_to_message_id=message.id)

    @bot.message_handler(func=lambda _: True)
    def echo(message):
        bot.reply_to(message, message.text)

    return bot


def refusal(call, *arguments, **options):
    """The answer to a call that must be refused."""
    try:
        call(*arguments, **options)
    except apihelper.ApiTelegramException as error:
        return error
    raise AssertionError("the call was not refused")


def check_presentation(bot):
    me = bot.get_me()
    assert me.is_bot and me.username.endswith("bot") and me.can_join_groups is True
    commands = [BotCommand("start", "Begin"), BotCommand("chart", "A picture")]
    assert bot.set_my_commands(commands)
    assert [command.command for command in bot.get_my_commands()] == ["start", "chart"]
    assert bot.delete_webhook()
    assert bot.get_webhook_info().url == ""


def check_keyboard_and_edit(user):
    user.say("/start")
    screen = user.wait(lambda message: message.get("text", "").startswith("Hello, Ann"))
    assert screen["entities"] == [{"type": "bold", "offset": 0, "length": 10}]
    press = user.press(screen, "Up")
    assert user.answer(press) | {"seq": 0} == {
        "seq": 0, "user_id": user.id, "chat_id": user.id, "callback_query_id": press,
        "text": "You took up", "show_alert": True,
    }
    edited = user.wait(lambda message: message.get("text") == "You took up")
    assert edited["message_id"] == screen["message_id"] and "reply_markup" not in edited
    assert edited["entities"] == [{"type": "code", "offset": 9, "length": 2}]


def check_picture(bot, user):
    user.say("/chart")
    shown = user.wait(lambda message: "photo" in message)
    assert shown["caption"] == "SOL" and shown["reply_to_message"]["text"] == "/chart"
    file_id = shown["photo"][0]["file_id"]
    assert bot.download_file(bot.get_file(file_id).file_path) == PNG
    media = InputMediaPhoto(file_id, caption="SOL <b>165</b>", parse_mode="HTML")
    edited = bot.edit_message_media(media, user.id, shown["message_id"])
    assert edited.caption == "SOL 165" and edited.caption_entities[0].type == "bold"


def check_refusals(bot, user):
    wrong = refusal(bot.send_message, user.id, "<b>open")
    assert "can't parse entities: Can't find end tag" in wrong.description, wrong.description
    assert "chat not found" in refusal(bot.send_message, 1, "x").description
    assert "query is too old" in refusal(bot.answer_callback_query, "1").description
    time.sleep(1)  # the allowance of the chat
    sent = bot.send_message(user.id, "same")
    again = refusal(bot.edit_message_text, "same", user.id, sent.message_id)
    assert "message is not modified" in again.description
    assert bot.delete_message(user.id, sent.message_id)
    assert "not found" in refusal(bot.edit_message_text, "x", user.id, sent.message_id).description


def check_flood(bot, base):
    """Sends until Telegram says 429 and obeys it."""
    user = User(base, "Bob")
    user.say("hello")
    user.wait(lambda message: message.get("text") == "hello")
    for number in range(10):
        try:
            bot.send_message(user.id, str(number))
        except apihelper.ApiTelegramException as error:
            assert error.error_code == 429, error
            pause = error.result_json["parameters"]["retry_after"]
            assert error.description == f"Too Many Requests: retry after {pause}"
            time.sleep(pause)
            bot.send_message(user.id, "after the pause")
            return
    raise AssertionError("ten messages at once were let through")


def play(base, token):
    apihelper.API_URL = base + "/bot{0}/{1}"
    apihelper.FILE_URL = base + "/file/bot{0}/{1}"
    bot = make_bot(token)
    check_presentation(bot)
    polling = threading.Thread(
        target=bot.infinity_polling, kwargs={"timeout": 5, "long_polling_timeout": 5}, daemon=True
    )
    polling.start()
    user = User(base, "Ann")
    check_keyboard_and_edit(user)
    check_picture(bot, user)
    check_refusals(bot, user)
    check_flood(bot, base)
    bot.stop_polling()
    counters = requests.get(f"{base}/sandbox/counters", timeout=BOUND_SECS).json()["counters"]
    assert counters["too_many_requests"] >= 1 and counters["unanswered"] == 0, counters
    print(f"ok: {counters['sent']} sent, {counters['edited']} edited, "
          f"{counters['answered']} answered, {counters['too_many_requests']} times 429")


def main(arguments):
    if arguments[:1] != ["--"]:
        return play(arguments[0].rstrip("/"), arguments[1])
    with subprocess.Popen(arguments[1:], stdout=subprocess.PIPE, text=True) as server:
        try:
            play(*server.stdout.readline().split())
        finally:
            server.terminate()


if __name__ == "__main__":
    main(sys.argv[1:])
