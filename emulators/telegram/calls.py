"""The methods that are modelled. Every other name answers 501."""

from __future__ import annotations

from collections.abc import Mapping

PREFIX = "/bot"

#: The method of a part of ``Telegram`` that answers each method of the Bot API.
METHODS: Mapping[str, str] = {
    "getMe": "groups.get_me",
    "getChat": "groups.get_chat",
    "getChatMember": "groups.get_chat_member",
    "createChatInviteLink": "groups.create_chat_invite_link",
    "createForumTopic": "topics.create_forum_topic",
    "editForumTopic": "topics.edit_forum_topic",
    "deleteForumTopic": "topics.delete_forum_topic",
    "sendMessage": "messages.send_message",
    "editMessageText": "messages.edit_message_text",
    "editMessageReplyMarkup": "messages.edit_message_reply_markup",
    "deleteMessage": "messages.delete_message",
    "answerCallbackQuery": "presses.answer_callback_query",
    "setWebhook": "hooks.set_webhook",
    "getWebhookInfo": "hooks.get_webhook_info",
    "deleteWebhook": "hooks.delete_webhook",
}
