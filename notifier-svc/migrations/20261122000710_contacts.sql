-- Who an account belongs to is known in the gateway alone. A contact is an account whose owner can be reached.
ALTER TABLE notifier.contact DROP COLUMN chat_id, DROP COLUMN language;
