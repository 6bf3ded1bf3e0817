-- Operators look at large withdrawals, reject what is not genuine, and pause what leaves. Whatever they do bears their
-- signature, which is kept: the signer holds it against the transaction.

-- How many operators a withdrawal needs is decided with the request; who approved it is in wallet.approval.
ALTER TABLE wallet.withdrawal
    ADD COLUMN approvals_needed smallint NOT NULL DEFAULT 0 CHECK (approvals_needed >= 0),
    -- Rows of wallet.approval.
    ADD COLUMN approvals smallint NOT NULL DEFAULT 0 CHECK (approvals >= 0),
    -- The operator who rejected it; its reason is then for its owner to read.
    ADD COLUMN rejected_by bytea CHECK (octet_length(rejected_by) = 32),
    ADD CONSTRAINT withdrawal_approved CHECK (
        approvals >= approvals_needed OR state IN ('REQUESTED', 'HELD', 'CANCELLED', 'REJECTED')),
    ADD CONSTRAINT withdrawal_rejected CHECK (rejected_by IS NULL OR (state = 'REJECTED' AND reason IS NOT NULL));

-- Caps look at what left within 24 hours and at what may still leave.
CREATE INDEX withdrawal_ended_at ON wallet.withdrawal (ended_at) WHERE state = 'FINALIZED';

CREATE OR REPLACE FUNCTION wallet.withdrawal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('FINALIZED', 'FAILED', 'CANCELLED', 'REJECTED')
       OR (NEW.id, NEW.account_id, NEW.address, NEW.lamports, NEW.fee, NEW.approvals_needed)
          IS DISTINCT FROM (OLD.id, OLD.account_id, OLD.address, OLD.lamports, OLD.fee, OLD.approvals_needed)
       OR NEW.approvals < OLD.approvals THEN
        RAISE EXCEPTION 'withdrawal % is not changed', OLD.id USING ERRCODE = '23001';
    END IF;
    -- Out of a transaction only once that can no longer pay it.
    IF OLD.chain_tx_id IS NOT NULL AND NEW.chain_tx_id IS DISTINCT FROM OLD.chain_tx_id AND EXISTS (
        SELECT FROM wallet.chain_tx
        WHERE id = OLD.chain_tx_id AND state NOT IN ('DEAD', 'FAILED')
    ) THEN
        RAISE EXCEPTION 'withdrawal % leaves a transaction that may pay it', OLD.id USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;

-- Requests of all accounts queue at this row: the cap that they share is decided by one of them at a time.
INSERT INTO wallet.ledger_account (kind, owner) VALUES (5, '00000000-0000-0000-0000-000000000000')
ON CONFLICT DO NOTHING;

-- Signatures of operators over statements, each worth one action for ever. Without it, whoever has seen somebody resume
-- withdrawals could resume them again until the statement is too old.
CREATE TABLE wallet.statement (
    signature  bytea PRIMARY KEY CHECK (octet_length(signature) = 64),
    operator   bytea NOT NULL CHECK (octet_length(operator) = 32),
    action     text NOT NULL,
    signed_at  timestamptz NOT NULL,
    command_id uuid NOT NULL,
    taken_at   timestamptz NOT NULL
);
CREATE TRIGGER statement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet.statement
    FOR EACH STATEMENT EXECUTE FUNCTION wallet.append_only();

-- One operator approves a withdrawal once.
CREATE TABLE wallet.approval (
    withdrawal_id uuid NOT NULL REFERENCES wallet.withdrawal (id),
    operator      bytea NOT NULL CHECK (octet_length(operator) = 32),
    signature     bytea NOT NULL UNIQUE REFERENCES wallet.statement (signature),
    PRIMARY KEY (withdrawal_id, operator)
);
CREATE TRIGGER approval_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet.approval
    FOR EACH STATEMENT EXECUTE FUNCTION wallet.append_only();
-- Not on wallet.statement: a reference locks the row that it points at, and that takes the right to update.
REVOKE UPDATE, DELETE, TRUNCATE ON wallet.approval FROM CURRENT_USER;

-- One pause per cause: who ends the one has not looked at the other. The release before this one knows of drift alone.
ALTER TABLE wallet.pause
    ALTER COLUMN what SET DEFAULT 'withdrawals',
    ADD COLUMN cause text NOT NULL DEFAULT 'drift' CHECK (cause IN ('operator', 'drift', 'daily_cap', 'burst')),
    DROP CONSTRAINT pause_pkey,
    ADD PRIMARY KEY (what, cause);
