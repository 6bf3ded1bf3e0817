-- A withdrawal is given back only once no transaction can pay it any more, and is final only with its transaction. Operators
-- could reject an expired one whose next message was committed and not signed yet: nobody was paid twice, as the signer
-- refuses a message that pays what is not asked for, but whoever shared that message waited for ever.
CREATE OR REPLACE FUNCTION wallet.withdrawal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('FINALIZED', 'FAILED', 'CANCELLED', 'REJECTED')
       OR (NEW.id, NEW.account_id, NEW.address, NEW.lamports, NEW.fee, NEW.approvals_needed)
          IS DISTINCT FROM (OLD.id, OLD.account_id, OLD.address, OLD.lamports, OLD.fee, OLD.approvals_needed)
       OR NEW.approvals < OLD.approvals THEN
        RAISE EXCEPTION 'withdrawal % is not changed', OLD.id USING ERRCODE = '23001';
    END IF;
    -- Out of a transaction, or back to its owner, only once that can no longer pay it.
    IF OLD.chain_tx_id IS NOT NULL
       AND (NEW.chain_tx_id IS DISTINCT FROM OLD.chain_tx_id OR NEW.state IN ('FAILED', 'CANCELLED', 'REJECTED'))
       AND EXISTS (
        SELECT FROM wallet.chain_tx
        WHERE id = OLD.chain_tx_id AND state NOT IN ('DEAD', 'FAILED')
    ) THEN
        RAISE EXCEPTION 'withdrawal % leaves a transaction that may pay it', OLD.id USING ERRCODE = '23001';
    END IF;
    IF NEW.state = 'FINALIZED' AND NOT EXISTS (
        SELECT FROM wallet.chain_tx WHERE id = NEW.chain_tx_id AND state = 'FINALIZED'
    ) THEN
        RAISE EXCEPTION 'withdrawal % is final before its transaction', OLD.id USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
