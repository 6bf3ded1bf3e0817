-- Groups that host rooms: the language they are told in, which is that of whoever brought the bot or the last room there. And
-- notices for groups: one goes to the owner of an account or to a group.
CREATE TABLE gateway.hosting_group (
    chat_id  bigint PRIMARY KEY CHECK (chat_id < 0),
    -- BCP 47
    language text NOT NULL CHECK (length(language) <= 35),
    bound_at timestamptz NOT NULL
);

ALTER TABLE gateway.delivery
    ALTER COLUMN account_id DROP NOT NULL,
    ADD COLUMN chat_id bigint CHECK (chat_id < 0),
    ADD CHECK (num_nonnulls(account_id, chat_id) = 1);
