"""Writes chat.json beside it: conversations as transformers renders them, by templates of the usual
kinds.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python chat.py
"""

import json
from pathlib import Path

from transformers.utils.chat_template_utils import render_jinja_template

CONVERSATIONS = [
    [
        {"role": "user", "content": " What is 2 + 2?\n"},
        {"role": "assistant", "content": "4 — or \"four\"."},
    ],
    [
        {"role": "system", "content": "Be <brief>."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Bye"},
        {"role": "assistant", "content": "So long"},
    ],
]

TEMPLATES = {
    # As SmolLM2 and Qwen2: ChatML with a system message of its own.
    "chatml": (
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
        "{{ '<|im_start|>system\nYou are helpful.<|im_end|>\n' }}{% endif %}"
        "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
    # As Llama 3: headers, trimmed contents, the first text with the beginning of a text.
    "headers": (
        "{% set loop_messages = messages %}{% for message in loop_messages %}"
        "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'"
        "+ message['content'] | trim + '<|eot_id|>' %}"
        "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}"
        "{% endfor %}{% if add_generation_prompt %}"
        "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
    ),
    # As Llama 2 and Mistral: a system message within the first turn, roles that must alternate.
    "inst": """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
        {{- raise_exception("roles must alternate user/assistant/user/assistant/...") }}
    {%- endif %}
    {%- if message["role"] == "user" %}
        {%- if loop.first and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"].strip() + "[/INST]" }}
        {%- endif %}
    {%- else %}
        {{- " " + message["content"] + eos_token}}
    {%- endif %}
{%- endfor %}""",
    # As Zephyr: blocks on lines of their own, which leave no line ends.
    "lines": """{% for message in messages %}
    {% if message['role'] == 'user' %}
{{ '<|user|>\n' + message['content'] + eos_token }}
    {% elif message['role'] == 'system' %}
{{ '<|system|>\n' + message['content'] + eos_token }}
    {% else %}
{{ '<|assistant|>\n'  + message['content'] + eos_token }}
    {% endif %}
    {% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
    {% endif %}
{% endfor %}""",
    # Parts that newer templates use: namespaces, macros, methods, tests, JSON, generation marks.
    "parts": """{{- '!' if tools is none and not documents else '?' -}}
{%- set ns = namespace(count=0) -%}
{%- macro turn(message) -%}
[{{ message.role | upper }}] {{ message.content.split('\n')[0].rstrip() }}
{%- endmacro -%}
{%- for message in messages -%}
    {%- set ns.count = ns.count + 1 -%}
    {%- if message.role == 'assistant' and message.tool_calls is not defined -%}
        {%- generation -%}{{ turn(message) + eos_token }}{%- endgeneration -%}
    {%- else -%}
        {{- turn(message) ~ ns.count }} {{ message.get('content') | tojson }}
    {%- endif -%}
{%- endfor -%}""",
}

cases = []
for name, template in TEMPLATES.items():
    for messages in CONVERSATIONS:
        for add_generation_prompt in (False, True):
            rendered = render_jinja_template(
                [messages],
                chat_template=template,
                add_generation_prompt=add_generation_prompt,
                bos_token="<s>",
                eos_token="</s>",
            )
            while not isinstance(rendered, str):
                rendered = rendered[0]
            cases.append(
                {
                    "name": name,
                    "template": template,
                    "messages": messages,
                    "add_generation_prompt": add_generation_prompt,
                    "text": rendered,
                }
            )
path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps(cases, indent=1) + "\n")
