"""How django-helpdesk takes tickets in, over the web and by mail, and changes them, declared from outside."""

from penstock import flow

public = flow("public", title="How a ticket is opened on the web")
mails = flow("mails", title="How mail becomes tickets")
update = flow("update", title="How a ticket is changed")

FORM = "helpdesk.forms:AbstractTicketForm"
FILES = ["sqlite:helpdesk_followupattachment"]
TICKETS = ["sqlite:helpdesk_ticket", "sqlite:helpdesk_followup"]

public.entrypoint().patch("helpdesk.views.public:BaseCreateTicketView.form_valid")
public.step(after="form_valid").patch("helpdesk.lib:text_is_spam")
public.step(after="text_is_spam", effects=["sqlite:helpdesk_ticket"]).patch("helpdesk.forms:PublicTicketForm.save")
public.step(after="save").patch(f"{FORM}._create_ticket")
public.step(after="_create_ticket").patch(f"{FORM}._create_custom_fields")
public.step(after="_create_custom_fields").patch(f"{FORM}._create_follow_up")
public.step(after="_create_follow_up", effects=FILES).patch(f"{FORM}._attach_files_to_follow_up")
public.step(after="_attach_files_to_follow_up").patch(f"{FORM}._send_messages")
public.step(after="_send_messages", effects=["mail"]).patch("helpdesk.templated_email:send_templated_mail")
public.step(after="_send_messages").patch("helpdesk.update_ticket:create_ticket_backlinks")
public.step(after="create_ticket_backlinks").patch("helpdesk.webhooks:send_new_ticket_webhook")

mails.entrypoint().patch("helpdesk.email:process_email")
mails.step(after="process_email").patch("helpdesk.email:process_queue")
mails.step(after="process_queue").patch("helpdesk.email:extract_email_metadata")
mails.step(after="extract_email_metadata").patch("helpdesk.email:extract_email_subject")
mails.step(after="extract_email_subject").patch("helpdesk.email:get_ticket_id_from_subject_slug")
mails.step(after="get_ticket_id_from_subject_slug").patch("helpdesk.email:extract_email_message_content")
mails.step(after="extract_email_message_content").patch("helpdesk.email:extract_attachments")
mails.step(after="extract_attachments", effects=TICKETS).patch("helpdesk.email:create_object_from_email_message")
mails.step(after="create_object_from_email_message", effects=FILES).patch("helpdesk.lib:process_attachments")
mails.step(after="process_attachments").patch("helpdesk.email:create_ticket_cc")
mails.step(after="create_ticket_cc").patch("helpdesk.email:send_info_email")
mails.step(after="send_info_email").patch("helpdesk.update_ticket:create_ticket_backlinks")
mails.step(after="create_ticket_backlinks").patch("helpdesk.webhooks:send_new_ticket_webhook")

update.entrypoint().patch("helpdesk.update_ticket:update_ticket")
update.step(after="update_ticket", effects=TICKETS).patch("helpdesk.update_ticket:get_and_set_ticket_status")
update.step(after="get_and_set_ticket_status", effects=FILES).patch("helpdesk.lib:process_attachments")
update.step(after=["get_and_set_ticket_status", "process_attachments"]).patch(
    "helpdesk.update_ticket:process_email_notifications_for_ticket_update"
)
update.step(after="process_email_notifications_for_ticket_update", effects=["mail"]).patch(
    "helpdesk.templated_email:send_templated_mail"
)
update.step(after="process_email_notifications_for_ticket_update").patch(
    "helpdesk.update_ticket:create_ticket_backlinks"
)
update.step(after="create_ticket_backlinks").patch("helpdesk.webhooks:notify_followup_webhooks")
update.step(after="notify_followup_webhooks").patch("helpdesk.update_ticket:add_staff_subscription")
